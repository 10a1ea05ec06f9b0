import OpenAI from 'openai'; import Anthropic from '@anthropic-ai/sdk';
import { startSimulator } from '/work/main/simulator/server.ts';
const sim = await startSimulator();
const o = new OpenAI({baseURL: sim.origin+'/v1', apiKey:'x', maxRetries:0}); const a = new Anthropic({baseURL: sim.origin, apiKey:'x', maxRetries:0});
const c = await o.chat.completions.create({model:'gpt-4o-mini',messages:[{role:'user',content:'hi there'}]});
console.log(JSON.stringify(c));
for await (const ch of await o.chat.completions.create({model:'o4-mini',n:2,messages:[{role:'user',content:'hi there'}],stream:true,stream_options:{include_usage:true}},{headers:{'x-simulate':'{"chunks":2}'}})) console.log(JSON.stringify(ch));
const tools=[{type:'function',function:{name:'weather',parameters:{type:'object',properties:{city:{type:'string'},days:{type:'integer'}}}}}] as const;
console.log(JSON.stringify((await o.chat.completions.create({model:'gpt-4.1',messages:[{role:'user',content:'hi'}],tools:[...tools] as any})).choices));
const st=o.chat.completions.stream({model:'gpt-4.1',messages:[{role:'user',content:'hi'}],tools:[...tools] as any}); console.log(JSON.stringify(await st.finalChatCompletion()));
const r=await o.responses.create({model:'gpt-5-mini',input:'hello'}); console.log(r.output_text, r.usage, r.output.map(x=>x.type)); console.log((await o.responses.retrieve(r.id)).id===r.id);
const rs=o.responses.stream({model:'gpt-5-mini',input:'hello', max_output_tokens: 400}); rs.on('event',e=>{}); const fr=await rs.finalResponse(); console.log(fr.status, fr.output_text, fr.usage);
const rt=o.responses.stream({model:'gpt-4.1',input:'hello', tools:[{type:'function',name:'weather',parameters:tools[0].function.parameters as any,strict:false}]}); console.log(JSON.stringify((await rt.finalResponse()).output));
const m=await a.messages.create({model:'claude-sonnet-4-5',max_tokens:10,messages:[{role:'user',content:'hello'}]}); console.log(JSON.stringify(m));
const ms=a.messages.stream({model:'claude-sonnet-4-5',max_tokens:1000,messages:[{role:'user',content:'hello'}],tools:[{name:'weather',input_schema:tools[0].function.parameters as any}]}); console.log(JSON.stringify(await ms.finalMessage()));
console.log(await a.messages.countTokens({model:'claude-sonnet-4-5',messages:[{role:'user',content:'hello'}]}));
console.log((await a.models.list()).data.length,(await o.models.list()).data.length);
for (const [n,f] of Object.entries({
 e429:()=>o.chat.completions.create({model:'x',messages:[{role:'user',content:'x'}]},{headers:{'x-simulate':'{"status":429}'}}),
 e404:()=>o.get('/nope'), bad:()=>o.chat.completions.create({messages:[]} as any),
 inStream:async()=>{for await(const _ of await o.chat.completions.create({model:'x',stream:true,messages:[{role:'user',content:'x'}]},{headers:{'x-simulate':'{"error_after_chunks":2}'}}));},
 inStreamR:async()=>{for await(const e of await o.responses.create({model:'x',stream:true,input:'x'},{headers:{'x-simulate':'{"error_after_chunks":2}'}}))console.log(e.type);},
 inStreamA:async()=>{for await(const _ of await a.messages.create({model:'x',max_tokens:9,stream:true,messages:[{role:'user',content:'x'}]},{headers:{'x-simulate':'{"error_after_chunks":2}'}}));},
 cutA:async()=>{for await(const _ of await a.messages.create({model:'x',max_tokens:9,stream:true,messages:[{role:'user',content:'x'}]},{headers:{'x-simulate':'{"cut_after_chunks":2}'}}));},
 a529:()=>a.messages.create({model:'x',max_tokens:9,messages:[{role:'user',content:'x'}]},{headers:{'x-simulate':'{"status":529}'}}),
 unk:()=>a.messages.create({model:'x',max_tokens:9,messages:[{role:'user',content:'x'}]},{headers:{'x-simulate':'{"statu":529}'}}),
 cutPlain:()=>a.messages.create({model:'x',max_tokens:9,messages:[{role:'user',content:'x'}]},{headers:{'x-simulate':'{"cut_after_chunks":2}'}}),
})) { try { await f(); console.log(n,'no error'); } catch(e:any){ console.log(n, e.constructor.name, e.status, e.message, e.requestID??'') } }
const g=await fetch(sim.origin+'/v1/messages',{method:'POST',headers:{'x-simulate':'{"gzip":true,"chunks":3,"chunk_delay_ms":20}'},body:JSON.stringify({model:'claude-haiku-4-5',max_tokens:99,stream:true,messages:[{role:'user',content:'x'}]})}); console.log([...g.headers]); for await (const c of g.body!) console.log('>>', Buffer.from(c).toString().length); 
await sim.close();

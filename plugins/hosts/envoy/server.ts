/** The gRPC server that Envoy talks to: the processor, the access log, and health. */
import http2 from 'node:http2';
import { Server, ServerCredentials, type ServerDuplexStream, type ServerReadableStream, status } from '@grpc/grpc-js';
import {
  loadServices,
  type ProcessingRequest,
  type ProcessingResponse,
  type StreamAccessLogsMessage,
} from './messages.ts';
import type { Processor, Role } from './processor.ts';

export interface ExtProcServer {
  /** The port; 0 for a Unix socket. */
  readonly port: number;
  /** Streams that are open: two for each call that is watched. */
  streams(): number;
  /** Takes no new stream, lets those there are end for at most `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

export interface ServerOptions {
  /** `host:port`, or `unix:/path`. */
  readonly address: string;
  readonly processor: Processor;
  /** Bytes; a message that is larger fails its stream. */
  readonly maxMessage: number;
  /** Of filters whose `initial_metadata` does not say; null: they are refused. */
  readonly role: Role | null;
  /** False is told as NOT_SERVING. */
  readonly ready: () => boolean;
  readonly failed: (error: unknown) => void;
}

/** Key of a filter's `initial_metadata`. */
const roleKey = 'x-llm-audit-role';
const roles: readonly string[] = ['decide', 'observe', 'inline'] satisfies Role[];

const serving = 1;
const notServing = 2;

/** Rejects when the address cannot be bound. */
export const startExtProc = async (options: ServerOptions): Promise<ExtProcServer> => {
  const { processor } = options;
  let draining = false;
  let streams = 0;
  /** Ends a stream that Envoy keeps open for as long as it lives. */
  const lasting = new Set<() => void>();
  const services = loadServices();
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessage,
    'grpc.max_send_message_length': options.maxMessage,
  });

  const process = (stream: ServerDuplexStream<ProcessingRequest, ProcessingResponse>): void => {
    const [role = options.role ?? ''] = stream.metadata.get(roleKey).map(String);
    stream.on('error', () => {});
    if (!roles.includes(role)) {
      stream.emit('error', {
        code: status.INVALID_ARGUMENT,
        details: `the filter's grpc_service needs initial_metadata ${roleKey}: ${roles.join(', ')}`,
      });
      return;
    }
    streams++;
    const conversation = processor.converse(role as Role);
    let over = false;
    const close = (): void => {
      if (over) return;
      over = true;
      streams--;
      conversation.closed();
    };
    const fail = (error: unknown): void => {
      options.failed(error);
      if (!over) stream.emit('error', { code: status.INTERNAL, details: 'llm-audit failed on this call' });
      close();
    };
    const say = (answer: ProcessingResponse | null): void => {
      if (answer !== null && role !== 'observe' && !over) stream.write(answer);
      // Envoy would keep it for `deferred_close_timeout`, and count it against its limit of open requests.
      if (conversation.isOver && !over) {
        close();
        stream.end();
      }
    };
    stream.on('data', (message: ProcessingRequest) => {
      try {
        const answer = conversation.hear(message);
        if (answer instanceof Promise) answer.then(say).catch(fail);
        else say(answer);
      } catch (error) {
        fail(error);
      }
    });
    stream.on('end', () => {
      const wasOver = over;
      close();
      if (!wasOver) stream.end();
    });
    // Comes with every stream, also when all went well.
    stream.on('cancelled', close);
    stream.on('close', close);
  };

  server.addService(services.ExternalProcessor, { Process: process });
  server.addService(services.AccessLogService, {
    StreamAccessLogs: (
      stream: ServerReadableStream<StreamAccessLogsMessage, object>,
      done: (e: null, r: object) => void,
    ) => {
      stream.on('error', () => {});
      stream.on('data', ({ http_logs }: StreamAccessLogsMessage) => {
        for (const entry of http_logs?.log_entry ?? []) processor.told(entry);
      });
      const end = (): void => {
        if (lasting.delete(end)) done(null, {});
      };
      lasting.add(end);
      for (const name of ['end', 'cancelled']) stream.on(name, end);
    },
  });
  const health = () => ({ status: !draining && options.ready() ? serving : notServing });
  server.addService(services.Health, {
    Check: (_call: unknown, done: (error: null, answer: object) => void) => done(null, health()),
    Watch: (stream: { write(answer: object): void; end(): void; on(name: string, run: () => void): void }) => {
      let last = health();
      stream.write(last);
      const timer = setInterval(() => {
        const next = health();
        if (next.status !== last.status) stream.write(next);
        last = next;
      }, 500);
      timer.unref();
      stream.on('error', () => {});
      const end = (): void => {
        clearInterval(timer);
        if (lasting.delete(end)) stream.end();
      };
      lasting.add(end);
      for (const name of ['cancelled', 'close']) stream.on(name, end);
    },
  });
  const port = await bound(server, options.address);
  return {
    port,
    streams: () => streams,
    close: async (graceMs) => {
      draining = true;
      const { promise: shut, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        server.forceShutdown();
        resolve();
      }, graceMs);
      server.tryShutdown(() => resolve());
      // The access log is heard until no call waits for it.
      const idle = setInterval(() => {
        if (streams === 0 && processor.underway() === 0) for (const end of lasting) end();
      }, 20);
      await shut;
      clearTimeout(timer);
      clearInterval(idle);
    },
  };
};

/**
 * Envoy ends streams by a reset, two for each call. Node takes a thousand of them for an attack and closes the connection
 * with all that is under way on it: calls would go unaudited. grpc-js does not pass the options on.
 */
const bound = async (server: Server, address: string): Promise<number> => {
  const { createServer } = http2;
  const manyResets = { streamResetBurst: 1e6, streamResetRate: 1e6 };
  http2.createServer = ((given: http2.ServerOptions, listener?: never) =>
    createServer({ ...given, ...manyResets } as http2.ServerOptions, listener)) as typeof createServer;
  try {
    return await new Promise((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(Math.max(0, port)),
      );
    });
  } finally {
    http2.createServer = createServer;
  }
};

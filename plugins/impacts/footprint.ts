/**
 * What one answer takes from the world, by the method of EcoLogits 0.11.3 (https://ecologits.ai): the energy of the
 * GPUs and the server during generation, and the request's share of making them.
 */

/** One set of parameters: a bound of a range, or the only one. */
export interface Point {
  /** Active parameters, billions. */
  readonly active: number;
  /** All parameters, billions. */
  readonly total: number;
  /** Output tokens per second where measured, else null. */
  readonly tps: number | null;
  /** Time to the first token, seconds, where measured, else null. */
  readonly ttft: number | null;
  /** Power usage effectiveness of the data centre. */
  readonly pue: number;
  /** On-site water, litres per kWh. */
  readonly wue: number;
}

/** Per kWh: kgSbeq, MJ, kgCO2eq, and litres of water. */
export interface ElectricityMix {
  readonly adpe: number;
  readonly pe: number;
  readonly gwp: number;
  readonly wue: number;
}

/** kWh, kgCO2eq, kgSbeq, MJ, litres. Energy and water are all use: making the hardware adds none. */
export interface Footprint {
  readonly energy: number;
  readonly water: number;
  readonly usage: { readonly gwp: number; readonly adpe: number; readonly pe: number };
  readonly embodied: { readonly gwp: number; readonly adpe: number; readonly pe: number };
}

const batch = 64;
// Fitted: Wh per output token and GPU, seconds per output token.
const energyOf = { alpha: 1.1665273170451914e-6, gamma: 4.052928146734005e-5 };
const latencyOf = { alpha: 0.0006785088094353663, beta: 0.0003119310311688259, gamma: 0.019473717579473387 };
// exp(-0.011205921025579175 × 64), a literal because Math.exp may differ in the last bit between engines.
const batchEffect = 0.4881273492297933;

const quantizationBits = 16;
const gpu = { memory: 80 /* GB */, gwp: 273, adpe: 0.00895, pe: 3721 };
const server = { gpus: 8, power: 1.2 /* kW without GPUs */, gwp: 5700, adpe: 0.37, pe: 70000 };
const lifetime = 3 * 365 * 24 * 3600;

/** GPUs that hold the model, rounded up to a power of two; more than one server's eight is possible. */
const gpusFor = (totalParameters: number): number => {
  const memory = (1.2 * totalParameters * quantizationBits) / 8;
  const needed = Math.ceil(memory / gpu.memory);
  let gpus = 1;
  while (gpus < needed) gpus *= 2;
  return gpus;
};

/** Everything that does not depend on the call, worked out once per model and zone. */
export const footprintOf = (point: Point, mix: ElectricityMix): ((tokens: number, latency: number) => Footprint) => {
  const { active, total, tps, ttft, pue, wue } = point;
  const energyPerToken = (energyOf.alpha * batchEffect * active + energyOf.gamma) / 1000;
  const secondsPerToken = tps === null ? latencyOf.alpha * active + latencyOf.beta * batch + latencyOf.gamma : 1 / tps;
  const gpus = gpusFor(total);
  const made = (of: 'gwp' | 'adpe' | 'pe') => (gpus / server.gpus) * server[of] + gpus * gpu[of];
  const hardware = { gwp: made('gwp'), adpe: made('adpe'), pe: made('pe') };
  const waterPerKwh = wue + pue * mix.wue;

  return (tokens, latency) => {
    // The measured latency only ever shortens: what a client waits for beyond generation is not the model's.
    const seconds = Math.min(tokens * secondsPerToken + (ttft ?? 0), latency);
    const serverEnergy = (seconds / 3600) * server.power * (gpus / server.gpus) * (1 / batch);
    const machines = serverEnergy + gpus * (tokens * energyPerToken);
    const energy = pue * machines;
    const share = lifetime * batch;
    return {
      energy,
      water: machines * waterPerKwh,
      usage: { gwp: energy * mix.gwp, adpe: energy * mix.adpe, pe: energy * mix.pe },
      embodied: {
        gwp: (seconds * hardware.gwp) / share,
        adpe: (seconds * hardware.adpe) / share,
        pe: (seconds * hardware.pe) / share,
      },
    };
  };
};

/** Sends batches to a Kafka topic: one request at a time, acknowledged by all replicas in sync. */
import type { Destination, Surroundings } from '../kind.ts';
import { insecureWarning } from '../net/tls.ts';
import { blocked, deadLetter, delivered, type Outcome, retry } from '../pipeline/outcome.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import { codecPackages } from './compression.ts';
import type { KafkaConfig } from './config.ts';
import { failureOf } from './failure.ts';
import { kafkajsPort } from './kafkajs.ts';
import { batchOverhead, type Letter, parcelsOf, restamped, sizeOf, trimmedLetter, wholeLetter } from './letter.ts';
import { isTooLarge, isUnknownTopic, outcomeOf } from './outcome.ts';
import { KafkaFailure, type KafkaPort, type Message } from './port.ts';

/** Milliseconds that a topic may be missing before somebody has to create it. */
const topicGrace = 30_000;

/** Rejects when the signal aborts; the work itself goes on until its connections are cut. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new KafkaFailure('NO_ANSWER'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

export const open = (config: KafkaConfig, { timeout, now, log, id, trust }: Surroundings): Destination => {
  let port: KafkaPort | null = null;
  let ports = 0;
  /** What goes into one request, in bytes; less when the broker has said that it is too much. */
  let room = config.maxMessageBytes;
  /** Since when there is no such topic, by `now`; null: there is, or nobody has looked. */
  let missingSince: number | null = null;
  /** A batch waits for the one before: a second request under way could overtake. */
  let turn: Promise<unknown> = Promise.resolve();

  if (config.tls?.rejectUnauthorized === false) log('warn', insecureWarning, { exporter: id });
  else if (config.tls?.checkServerIdentity) log('warn', 'certificates are accepted for any host', { exporter: id });

  const drop = (): void => {
    port?.close();
    port = null;
  };

  const connected = async (): Promise<KafkaPort> => {
    if (port) return port;
    // Another server first each time, so that one that is down costs an attempt now and then only.
    const first = ports++ % config.servers.length;
    const servers = [...config.servers.slice(first), ...config.servers.slice(0, first)];
    const next = kafkajsPort({ ...config, servers }, timeout, trust);
    port = next;
    await next.connect();
    return next;
  };

  /** Null when all is well. A port that has failed is replaced, unless it was told so by a broker. */
  const attempt = async (messages: readonly Message[], signal: AbortSignal): Promise<KafkaFailure | null> => {
    try {
      await unlessAborted(
        connected().then((ready) => ready.send(messages)),
        signal,
      );
      return null;
    } catch (thrown) {
      const failure = failureOf(thrown);
      if (!failure.isAnswer) drop();
      return failure;
    }
  };

  const outcomeOfFailure = ({ code }: KafkaFailure, signal: AbortSignal): Outcome => {
    if (signal.aborted) return retry('stopped');
    if (code === 'NO_CODEC' && (config.compression === 'lz4' || config.compression === 'snappy'))
      return blocked(
        `compression ${config.compression} needs the package ${codecPackages[config.compression]}: npm install it`,
      );
    if (!isUnknownTopic(code)) return outcomeOf(code);
    missingSince ??= now();
    return now() - missingSince < topicGrace
      ? retry(`no topic ${config.topic} yet`)
      : blocked(`there is no topic ${config.topic}, and the brokers do not create it`);
  };

  /** Whole, or trimmed when that is needed and possible. */
  const fitting = (record: Outgoing, index: number): Letter | null => {
    const whole = wholeLetter(record, index, config, now());
    const fits = ({ size }: Letter): boolean => size + batchOverhead <= config.maxMessageBytes;
    if (fits(whole)) return whole;
    const trimmed = trimmedLetter(whole, config, now());
    return trimmed && fits(trimmed) ? trimmed : null;
  };

  /** What to send instead of letters that a broker finds too large; null: there is nothing less. */
  const smaller = (letters: readonly Letter[]): Letter[][] | null => {
    const [only] = letters;
    if (letters.length > 1) {
      room = Math.max(1, Math.min(room, Math.ceil(sizeOf(letters) / 2)));
      return parcelsOf(letters, room);
    }
    const lighter = only && !only.isTrimmed ? trimmedLetter(only, config, now()) : null;
    return lighter && [[lighter]];
  };

  const send = async (batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> => {
    const begun = now();
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const tooLarge = deadLetter(
      `larger than a message may be (max_message_bytes: ${config.maxMessageBytes}), trimmed or not`,
    );
    const outcomes: Outcome[] = batch.map(() => tooLarge);
    const letters = batch.flatMap((record, index) => fitting(record, index) ?? []);
    const parcels = parcelsOf(letters, room);
    for (let parcel = parcels.shift(); parcel; parcel = parcels.shift()) {
      const failure = await attempt(
        parcel.map(({ message }) => message),
        inTime,
      );
      if (!failure) {
        missingSince = null;
        for (const { index } of parcel) outcomes[index] = delivered;
        continue;
      }
      const instead = failure.code === 'INVALID_TIMESTAMP' ? restamped(parcel, begun, now()) : null;
      const again = isTooLarge(failure.code) ? smaller(parcel) : instead && [instead];
      if (again) {
        parcels.unshift(...again);
        continue;
      }
      const outcome = outcomeOfFailure(failure, signal);
      for (const { index } of parcel) outcomes[index] = outcome;
      // One that is refused for itself stops nobody; anything else does, or later events would overtake.
      if (outcome.is === 'split' && parcel.length === 1) continue;
      for (const { index } of parcels.flat()) outcomes[index] = outcome;
      break;
    }
    return outcomes;
  };

  return {
    lanes: 1,
    send: (batch, signal) => {
      const mine = turn.then(() => send(batch, signal));
      turn = mine.catch(() => {});
      return mine;
    },
    // Over a connection of its own, so that it disturbs no batch.
    check: async (signal) => {
      const visitor = kafkajsPort(config, timeout, trust);
      try {
        await unlessAborted(visitor.healthy(), AbortSignal.any([signal, AbortSignal.timeout(timeout)]));
        return delivered;
      } catch (thrown) {
        const failure = failureOf(thrown);
        return isUnknownTopic(failure.code)
          ? blocked(`there is no topic ${config.topic}; brokers that create topics do so with the first event`)
          : outcomeOfFailure(failure, signal);
      } finally {
        await visitor.close();
      }
    },
    close: async () => {
      const last = port;
      port = null;
      await last?.close();
    },
  };
};

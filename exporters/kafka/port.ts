/** What the exporter asks of a Kafka client, so that the library behind it can be another one some day. */

export interface Message {
  /** Null: any partition. */
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

/** One connection to the cluster, for one topic. Every method rejects with a KafkaFailure only. */
export interface KafkaPort {
  /** Resolves when a broker is reached and takes the credentials. */
  connect(): Promise<void>;
  /** Resolves when every message is acknowledged by all replicas in sync (acks=all). At most one at a time. */
  send(messages: readonly Message[]): Promise<void>;
  /** Resolves when the topic is there and may be seen. Creates nothing. */
  healthy(): Promise<void>;
  /** Cuts all connections; whatever is under way rejects, and nothing more is sent. Never rejects. */
  close(): Promise<void>;
}

/** Why something did not work, without any text from outside. */
export class KafkaFailure extends Error {
  /**
   * Kafka's name of a protocol error (`MESSAGE_TOO_LARGE`), Node's code of a connection that failed (`ECONNREFUSED`), or
   * one of ours: `NO_ANSWER`, `CLOSED`, `NO_METADATA`, `SASL_REFUSED`, `SASL_MECHANISM_MISSING`, `NO_CODEC`. The name of an
   * error (`TypeError`) when nothing else is known.
   */
  readonly code: string;
  /** The connection is as good as before: the broker has answered, and its answer was about these messages or this moment. */
  readonly isAnswer: boolean;

  constructor(code: string, isAnswer = false) {
    super(code);
    this.name = 'KafkaFailure';
    this.code = code;
    this.isAnswer = isAnswer;
  }
}

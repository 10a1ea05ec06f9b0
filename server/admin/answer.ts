/** What the administration answers: JSON (metrics are text), and for everything that went wrong what is to be done about it. */

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Of 405. */
  readonly allow?: string;
  /** Of 503: seconds. */
  readonly retryAfter?: number;
  /** Content type of a body that is a text; JSON when absent. */
  readonly type?: string;
}

export interface Wrong {
  readonly key: string;
  readonly message: string;
}

/** @param problems places in what was sent */
export const refused = (
  status: number,
  code: string,
  message: string,
  remedy: string,
  problems?: readonly Wrong[],
): Answer => ({
  status,
  body: { error: { code, message, remedy, ...(problems && { problems }) } },
});

export const done = (body: unknown, status = 200): Answer => ({ status, body });

/** What comes over the wire, unchecked. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json | undefined };

/** Lower-case header names; repeated headers joined as HTTP joins them. */
export type Headers = Readonly<Record<string, string | undefined>>;

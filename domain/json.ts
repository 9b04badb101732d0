/** Plain JSON, the only shape that Temporal payloads, metadata and the status document may have. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

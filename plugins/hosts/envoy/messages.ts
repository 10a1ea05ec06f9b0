/** The messages of `ext-proc.proto` as they come and go, and the services that speak them. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface HeaderValue {
  readonly key: string;
  readonly raw_value: Uint8Array;
}

export interface HeaderMap {
  readonly headers?: readonly HeaderValue[];
}

/** google.protobuf.Value: the one member that is there. */
export interface ProtoValue {
  readonly nullValue?: unknown;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: ProtoStruct;
  readonly listValue?: { readonly values?: readonly ProtoValue[] };
}

export interface ProtoStruct {
  readonly fields?: Readonly<Record<string, ProtoValue>>;
}

export interface Metadata {
  readonly filter_metadata?: Readonly<Record<string, ProtoStruct>>;
}

export interface HttpHeaders {
  readonly headers?: HeaderMap;
  readonly end_of_stream?: boolean;
}

export interface HttpBody {
  readonly body?: Buffer;
  readonly end_of_stream?: boolean;
}

/** One of the six parts of an exchange. */
export interface ProcessingRequest {
  readonly request_headers?: HttpHeaders;
  readonly response_headers?: HttpHeaders;
  readonly request_body?: HttpBody;
  readonly response_body?: HttpBody;
  readonly request_trailers?: object;
  readonly response_trailers?: object;
  readonly metadata_context?: Metadata;
  readonly attributes?: Readonly<Record<string, ProtoStruct>>;
}

export interface HeaderMutation {
  readonly set_headers?: readonly { readonly header: HeaderValue; readonly append_action: number }[];
  readonly remove_headers?: readonly string[];
}

export interface CommonResponse {
  readonly header_mutation?: HeaderMutation;
  readonly body_mutation?: { readonly body: Uint8Array } | { readonly clear_body: true };
}

interface Answered {
  readonly response: CommonResponse;
}

export interface ProcessingResponse {
  readonly request_headers?: Answered;
  readonly response_headers?: Answered;
  readonly request_body?: Answered;
  readonly response_body?: Answered;
  readonly request_trailers?: object;
  readonly response_trailers?: object;
  readonly immediate_response?: {
    readonly status: { readonly code: number };
    readonly headers: HeaderMutation;
    readonly body: Uint8Array;
    readonly details: string;
  };
  readonly dynamic_metadata?: ProtoStruct;
}

export type ResponseFlag =
  | 'no_healthy_upstream'
  | 'upstream_request_timeout'
  | 'local_reset'
  | 'upstream_remote_reset'
  | 'upstream_connection_failure'
  | 'upstream_connection_termination'
  | 'upstream_overflow'
  | 'downstream_connection_termination'
  | 'stream_idle_timeout'
  | 'upstream_max_stream_duration_reached'
  | 'duration_timeout'
  | 'upstream_protocol_error'
  | 'dns_resolution_failure'
  | 'downstream_remote_reset';

/** One line of Envoy's access log: an exchange that is over. */
export interface AccessLogEntry {
  readonly common_properties?: {
    readonly upstream_cluster?: string;
    readonly response_flags?: Readonly<Partial<Record<ResponseFlag, boolean>>>;
    readonly metadata?: Metadata;
    readonly route_name?: string;
    readonly upstream_request_attempt_count?: number;
  };
  readonly request?: { readonly request_method?: number; readonly authority?: string; readonly path?: string };
  readonly response?: { readonly response_code?: { readonly value?: number }; readonly response_code_details?: string };
}

export interface StreamAccessLogsMessage {
  readonly http_logs?: { readonly log_entry?: readonly AccessLogEntry[] };
}

/** The public name of each service: only this goes over the wire. */
const publicNames = {
  ExternalProcessor: 'envoy.service.ext_proc.v3.ExternalProcessor',
  AccessLogService: 'envoy.service.accesslog.v3.AccessLogService',
  Health: 'grpc.health.v1.Health',
} as const;

/** Beside this file; beside the bundle once it is built. */
export const protoFile = fileURLToPath(new URL('./ext-proc.proto', import.meta.url));

/** Throws where the file is missing. */
export const loadServices = (): Record<keyof typeof publicNames, ServiceDefinition> => {
  if (!existsSync(protoFile)) throw new Error(`${protoFile} is missing: the installation is not complete`);
  const loaded = loadSync(protoFile, { keepCase: true, longs: Number, enums: Number, defaults: false });
  const named = (name: keyof typeof publicNames): ServiceDefinition => {
    const service = loaded[`llm_audit.envoy.${name}`] as ServiceDefinition;
    return Object.fromEntries(
      Object.entries(service).map(([method, definition]) => [
        method,
        { ...definition, path: `/${publicNames[name]}/${method}` },
      ]),
    );
  };
  return {
    ExternalProcessor: named('ExternalProcessor'),
    AccessLogService: named('AccessLogService'),
    Health: named('Health'),
  };
};

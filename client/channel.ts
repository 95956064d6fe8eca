/**
 * How gRPC's channels reconnect. Left to itself gRPC waits longer each time, up to two minutes, and shares what it waits for among all
 * connections of a process to one address: a server that is back would not be seen for that long.
 */
export const CHANNEL = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000, 'grpc.use_local_subchannel_pool': 1 } as const;

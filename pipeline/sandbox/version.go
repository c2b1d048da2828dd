package sandbox

// WasmtimeVersion is the version of the engine that executes guests.
const WasmtimeVersion = wasmtimeVersion

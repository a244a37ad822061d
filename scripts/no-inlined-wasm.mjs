// For processes that run cojson's own WASM: see `callWasmSafely` in src/engine/fixes/wasm.ts, which does it for the package's.
import { setFlagsFromString } from 'node:v8';

if (Number.parseInt(process.versions.v8) < 13) setFlagsFromString('--no-turbo-inline-js-wasm-calls');

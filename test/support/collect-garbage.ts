import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Runs the engine's garbage collector. What this turn has looked at by a WeakRef stays until a later one. */
export const collectGarbage = runInNewContext('gc') as () => void;

// What `relay-part.ts` fetches. It is imported nowhere else: a session's code has all of it.
export { createNodeRelay } from './node-relay.ts';
export { bringInOthersEdits } from './others-edits.ts';
export { paceReleases } from '../engine/release-pacing.ts';
export { unloadUnused } from './unloading.ts';

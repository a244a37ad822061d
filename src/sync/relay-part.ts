import { createPart } from '../platform/part.ts';

/** What speaks with a relay, from dialling to the evidence of what it has. Nothing needs it before there is a node. */
export const relayPart = /* @__PURE__ */ createPart(() => import('./node-relay.ts'));

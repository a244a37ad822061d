import { createPart } from '../platform/part.ts';

/** What speaks with relays, and what a node needs when it has run for a while. Nothing needs it before there is a node. */
export const relayPart = /* @__PURE__ */ createPart(() => import('./relay-code.ts'));

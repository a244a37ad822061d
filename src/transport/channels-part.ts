import { createPart } from '../platform/part.ts';

/** The ordinary transports, both together: where the one does not come through, nothing may be left to fetch the other. */
export const channelsPart = /* @__PURE__ */ createPart(() => import('./channels.ts'));

import { WebSocket } from 'ws';
import { systemClock } from '../../../src/base/clock.ts';
import { nextTask } from '../../../src/base/next-task.ts';
import type { Page, Platform } from '../../../src/platform/platform.ts';

/** The platform that sync needs, in Node, over real WebSockets. */
export type NodePlatform = Pick<
  Platform,
  'clock' | 'nextTask' | 'random' | 'page' | 'openWebSocket' | 'fetch'
>;

export function createNodePlatform(): NodePlatform {
  return {
    clock: systemClock,
    nextTask,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    page: alwaysOnline,
    openWebSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
    fetch: (input, init) => fetch(input, init),
  };
}

const alwaysOnline: Page = {
  url: undefined,
  isSecureContext: true,
  isOnline: true,
  isVisible: true,
  on: () => () => {},
};

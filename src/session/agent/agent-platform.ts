import { systemClock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { openWebSocket } from '../../platform/open-web-socket.ts';
import type { Page, Platform } from '../../platform/platform.ts';
import type { SignOutPlatform } from '../sign-out/sign-out.ts';

/** What an agent's session needs of where it runs. */
export type AgentPlatform = Pick<Platform, 'nextTask' | 'openWebSocket' | 'fetch'> & SignOutPlatform;

/** For Node, workers and tests: no page is looked for, whatever globals there are. */
export function createAgentPlatform(): AgentPlatform {
  return {
    clock: systemClock,
    nextTask,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    page: noPage,
    openWebSocket,
    fetch: (input, init) => globalThis.fetch(input, init),
    indexedDB: undefined,
    locks: undefined,
    marks: undefined,
    openTabChannel: () => undefined,
  };
}

/** Nothing tells that the network came or went, so it is tried again as after any other failure. */
const noPage: Page = {
  url: undefined,
  isSecureContext: true,
  isOnline: true,
  isVisible: true,
  on: () => () => {},
};

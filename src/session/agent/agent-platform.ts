import { systemClock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { openWebSocket } from '../../platform/open-web-socket.ts';
import type { Page, Platform } from '../../platform/platform.ts';
import type { SignOutPlatform } from '../sign-out/sign-out.ts';

export type AgentPlatform = Pick<Platform, 'nextTask' | 'openWebSocket' | 'fetch'> &
  SignOutPlatform & { readonly subtle: SubtleCrypto };

/** For Node, workers and tests: never looks for a page, whatever globals exist. */
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
    subtle: crypto.subtle,
  };
}

/** No event reports network changes, so reconnection relies on the usual back-off. */
const noPage: Page = {
  url: undefined,
  isSecureContext: true,
  isOnline: true,
  isVisible: true,
  on: () => () => {},
};

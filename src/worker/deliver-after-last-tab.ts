import { systemClock } from '../base/clock.ts';
import { deliver } from './deliver.ts';
import { answer, isQuestion, syncTag } from './handshake.ts';
import type { WorkerScope } from './worker-scope.ts';

/**
 * Call in a service worker, when its script starts. In browsers with Background Sync, it then sends the edits that the last tab
 * could not send, once there is a network, for sessions with the option `deliverAfterLastTab`. The next start of the app asks
 * the relay for them, so that nothing counts as confirmed before. In other browsers, it does nothing.
 */
export function deliverAfterLastTab(): void {
  const scope = globalThis as unknown as WorkerScope;
  const { indexedDB, fetch, navigator } = globalThis;
  const platform = { indexedDB, fetch: fetch.bind(globalThis), locks: navigator.locks, clock: systemClock };
  scope.addEventListener('sync', (event) => {
    if (event.tag === syncTag) event.waitUntil(deliver(platform));
  });
  scope.addEventListener('message', ({ data, ports: [port] }) => {
    if (isQuestion(data)) port?.postMessage(answer);
  });
}

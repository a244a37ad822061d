import { ask, relayOfPage } from '../../harness/page.ts';
import { watchLongTasks } from '../../harness/long-tasks.ts';
import type { Expected } from './watch-arrival.ts';

/** After this silence, everything has arrived. */
const quietMs = 1_000;

/** This page measures the browser's own cost: it receives frames and ignores them. */
let first: Expected | undefined;
ask('expectThings', async ([told]: readonly Expected[]) => {
  first = told;
  await Promise.resolve();
});
ask('arrive', async () => {
  const socket = new WebSocket(relayOfPage() ?? '');
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  const stopWatching = watchLongTasks();
  let lastMs = performance.now();
  const startMs = lastMs;
  socket.addEventListener('message', () => (lastMs = performance.now()));
  socket.send(JSON.stringify({ action: 'load', id: first?.id, header: false, sessions: {} }));
  while (performance.now() - lastMs < quietMs) await new Promise((resolve) => setTimeout(resolve, 20));
  return { longestTaskMs: stopWatching(), totalMs: lastMs - startMs };
});

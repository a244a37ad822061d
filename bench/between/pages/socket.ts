import { ask, relayOfPage } from '../../harness/page.ts';
import { now, pause, randomBlob, type Pace } from './device.ts';

/** The same ways without cojson: what is sent is passed on to the other page, or counted, by a server that does nothing else. */
const socket = new WebSocket(relayOfPage() ?? '');
const opened = new Promise((resolve) => socket.addEventListener('open', resolve));
const seen: number[] = [];
let received = 0;

socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
  if (data.startsWith('received')) received = Number(data.split(' ')[1]);
  else seen.push(now());
});

ask('shareMap', async () => {
  await opened;
  return '';
});
ask('followMap', () => opened);
ask('makeEdits', async ({ count, paceMs }: Pace): Promise<readonly number[]> => {
  const made: number[] = [];
  for (let number = 0; number < count; number++) {
    made.push(now());
    socket.send(`A word or two, as typed ${number}`);
    await pause(paceMs);
  }
  return made;
});
ask('seenEdits', async (count: number): Promise<readonly number[]> => {
  while (seen.length < count) await pause(10);
  return seen;
});
ask('uploadFile', async (bytes: number): Promise<number> => {
  await opened;
  const blob = randomBlob(bytes);
  const startedMs = now();
  const chunkBytes = 102_400;
  for (let start = 0; start < bytes; start += chunkBytes) {
    socket.send(await blob.slice(start, start + chunkBytes).arrayBuffer());
    while (socket.bufferedAmount > 1_000_000) await pause(1);
  }
  while (received < bytes) await pause(1);
  return now() - startedMs;
});

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createNode, createSharedGroup } from './client.ts';
import { uploadsOf } from './corpus.ts';
import { openSocket, uploadInOrder } from './uploader.ts';

/** Opens one connection that follows one document, like an open page. Returns a function that closes it. */
export type OpenIdle = (url: string) => Promise<() => void>;

const atATime = 50;

export async function openMany(open: OpenIdle, url: string, count: number): Promise<readonly (() => void)[]> {
  const closes: (() => void)[] = [];
  while (closes.length < count) {
    const batch = Array.from({ length: Math.min(atATime, count - closes.length) }, () => open(url));
    closes.push(...(await Promise.all(batch)));
  }
  return closes;
}

/** All connections follow one CoValue; the server has a cojson peer for each. */
export async function prepareCojsonIdle(url: string): Promise<OpenIdle> {
  const node = await createNode();
  const map = createSharedGroup(node).createMap({ title: 'What everybody has open' });
  await uploadInOrder(`${url}/sync`, uploadsOf(node));
  const load = JSON.stringify({ action: 'load', id: map.id, header: false, sessions: {} });
  return async () => {
    const socket = await openSocket(`${url}/sync`);
    const answered = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        if (data.toString('utf8').includes(map.id)) resolve();
      });
    });
    socket.send(load);
    await answered;
    return () => socket.terminate();
  };
}

/** A connection joins the document as soon as it opens. Its client shares no awareness state. */
export function prepareYWebsocketIdle(): Promise<OpenIdle> {
  return Promise.resolve(async (url: string) => {
    const socket = await openSocket(`${url}/bench`);
    return () => socket.terminate();
  });
}

interface HocuspocusClients {
  openIdleHocuspocus(url: string, name: string): Promise<() => void>;
}

export async function prepareHocuspocusIdle(peersFolder: string): Promise<OpenIdle> {
  const file = pathToFileURL(join(peersFolder, 'yjs-clients.mjs')).href;
  const clients = (await import(file)) as HocuspocusClients;
  return (url) => clients.openIdleHocuspocus(url, 'bench');
}

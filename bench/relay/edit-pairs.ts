import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CoID, RawCoMap } from 'cojson';
import { connect, createNode, createSharedGroup } from './client.ts';

/** Two clients of one server; one edits a map that the other has open. */
export interface Pair {
  /** `seen` is the time when the other client has the edit, `acknowledged` when the server has acknowledged it. */
  edit(
    key: string,
    value: string,
  ): { readonly seen: Promise<number>; readonly acknowledged?: Promise<number> };
  close(): void;
}

/** Stock clients of a cojson server; the editor connects to `editorUrl`. */
export async function cojsonPair(editorUrl: string, readerUrl = editorUrl): Promise<Pair> {
  const editor = await connect(await createNode(), editorUrl);
  const map = createSharedGroup(editor.node).createMap();
  map.set('start', 'x', 'private');
  const reader = await connect(await createNode(), readerUrl);
  const copy = await loadMap(() => reader.node.load(map.id));
  const sessionID = editor.node.currentSessionID;
  let awaited: { readonly count: number; resolve(atMs: number): void } | undefined;
  editor.onFrame((text) => {
    if (!awaited || !text.includes('"known"')) return;
    if (acknowledgedCount(text, map.id, sessionID) >= awaited.count) awaited.resolve(performance.now());
  });

  return {
    edit(key, value) {
      const seen = new Promise<number>((resolve) => {
        const stop = copy.subscribe((update) => {
          if (update.get(key) !== value) return;
          resolve(performance.now());
          queueMicrotask(() => stop());
        });
      });
      map.set(key, value, 'private');
      const count = map.core.knownState().sessions[sessionID] ?? 0;
      const acknowledged = new Promise<number>((resolve) => {
        awaited = { count, resolve };
      });
      return { seen, acknowledged };
    },
    close() {
      editor.close();
      reader.close();
    },
  };
}

/** Makes edits at a steady pace, and returns how many milliseconds later the other client had each. */
export async function paceEdits(
  pair: Pair,
  value: string,
  { count, paceMs }: { readonly count: number; readonly paceMs: number },
): Promise<readonly number[]> {
  const delays: Promise<number>[] = [];
  for (let number = 0; number < count; number++) {
    const madeMs = performance.now();
    const { seen } = pair.edit(`key${number}`, `${value} ${number}`);
    delays.push(seen.then((atMs) => atMs - madeMs));
    await pause(paceMs);
  }
  return Promise.all(delays);
}

async function loadMap(load: () => Promise<unknown>): Promise<RawCoMap> {
  for (;;) {
    const map = await load();
    if (map !== 'unavailable') return map as RawCoMap;
    await pause(50);
  }
}

function acknowledgedCount(frame: string, id: CoID<RawCoMap>, sessionID: string): number {
  const counts = frame.split('\n').map((line) => {
    const message = JSON.parse(line) as { action?: string; id?: string; sessions?: Record<string, number> };
    return message.action === 'known' && message.id === id ? (message.sessions?.[sessionID] ?? 0) : 0;
  });
  return Math.max(...counts);
}

/** One of the Yjs clients in bench/peers/yjs-clients.mjs. */
interface YjsClient {
  set(key: string, value: string): void;
  get(key: string): unknown;
  changed(listener: () => void): void;
  close(): void;
}

interface YjsClients {
  connectYWebsocket(url: string, name: string): Promise<YjsClient>;
  connectHocuspocus(url: string, name: string): Promise<YjsClient>;
}

/** Yjs has no acknowledgements. */
export async function yjsPair(peersFolder: string, how: keyof YjsClients, url: string): Promise<Pair> {
  const clients = (await import(pathToFileURL(join(peersFolder, 'yjs-clients.mjs')).href)) as YjsClients;
  const editor = await clients[how](url, 'bench');
  const reader = await clients[how](url, 'bench');
  let awaited: { readonly key: string; readonly value: string; resolve(atMs: number): void } | undefined;
  reader.changed(() => {
    if (awaited && reader.get(awaited.key) === awaited.value) awaited.resolve(performance.now());
  });
  return {
    edit(key, value) {
      const seen = new Promise<number>((resolve) => {
        awaited = { key, value, resolve };
      });
      editor.set(key, value);
      return { seen };
    },
    close() {
      editor.close();
      reader.close();
    },
  };
}

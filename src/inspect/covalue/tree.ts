import { type CoValueCore, type LocalNode, RawBinaryCoStream, RawCoList, RawCoMap } from 'cojson';
import { openContentOf, type OpenContent } from '../../engine/private-fields.ts';
import type { Authors } from './authors.ts';
import { guardedValue, guardOf, type Guard } from './guard.ts';
import { limitOf, sliceOf } from './page.ts';
import { shownKey, shownValue } from './shown-value.ts';
import type { Places } from './steps.ts';
import type { TreeEdit, TreePage, TreePath, TreeRow, TreeWanted, TreeWhat } from './tree-types.ts';

/** Reads a value child by child, as far as the app has opened it. */
export interface Tree {
  read(coValue: CoValueCore, places: Places, path: TreePath, wanted: TreeWanted): TreePage;
}

interface Entry {
  readonly key: string | number;
  readonly value: unknown;
  readonly edit: TreeEdit | undefined;
}

/** The current keys of a map, cached because a map may have tens of thousands. */
interface KnownKeys {
  readonly version: string;
  readonly keys: readonly string[];
}

const maxTextLength = 2_000;

export function createTree(node: LocalNode, authors: Authors): Tree {
  const knownKeys = new WeakMap<RawCoMap, KnownKeys>();

  function keysOf(map: RawCoMap): readonly string[] {
    const version = `${map.version} ${map.totalValidTransactions}`;
    const known = knownKeys.get(map);
    if (known?.version === version) return known.keys;
    const keys = map.keys();
    knownKeys.set(map, { version, keys });
    return keys;
  }

  function childrenOf(content: OpenContent, edit: EditReader, wanted: TreeWanted): Children {
    if (content instanceof RawBinaryCoStream) return childless(binaryOf(content));
    if (content instanceof RawCoMap) {
      const { total, rows } = sliceOf(keysOf(content), wanted);
      return { what: { kind: 'map' }, total, entries: rows.map((key) => mapEntry(content, key, edit)) };
    }
    if (content instanceof RawCoList) {
      const items = content.entries();
      if (content.type === 'coplaintext') return childless(textOf(items));
      const { rows } = sliceOf(items, wanted);
      const from = wanted.offset ?? 0;
      return {
        what: { kind: 'list' },
        total: items.length,
        entries: rows.map((item, offset) => listEntry(item, from + offset, edit)),
      };
    }
    return { what: { kind: 'stream' }, total: Object.keys(content.items).length, entries: [] };
  }

  function sessionRows(content: OpenContent, wanted: TreeWanted): readonly TreeRow[] {
    const items = 'items' in content ? content.items : {};
    return sliceOf(Object.entries(items), wanted).rows.map(([sessionID, sessionItems]) => ({
      key: sessionID,
      author: authors.of(sessionID),
      items: sessionItems.length,
    }));
  }

  function read(coValue: CoValueCore, places: Places, path: TreePath, wanted: TreeWanted): TreePage {
    const guard = guardOf(coValue, node);
    if (guard === 'kernel') return { state: 'hidden' };
    const content = openContentOf(coValue);
    if (!content) return { state: 'not-open' };
    const edit = editReader(places);
    const [first, ...inner] = path;
    if (first === undefined) {
      const { what, total, entries } = childrenOf(content, edit, wanted);
      const rows =
        what.kind === 'stream' ? sessionRows(content, wanted) : entries.map((entry) => toRow(guard, entry));
      return { state: 'read', what, total, rows };
    }
    if ('items' in content) return readSession(content.items, path, edit, wanted);
    const entry = entryAt(content, first, edit);
    // Values in a group are either hidden or have no children.
    return entry && guard === 'app' ? readInside(entry, inner, wanted) : { state: 'nothing' };
  }

  return { read };
}

interface Children {
  readonly what: TreeWhat;
  readonly total: number;
  readonly entries: readonly Entry[];
}

type StreamItems = Readonly<
  Record<string, readonly { readonly value: unknown; readonly tx: Place; readonly madeAt: number }[]>
>;

interface Place {
  readonly sessionID: string;
  readonly txIndex: number;
}

type EditReader = (place: Place, madeAtMs: number) => TreeEdit;

function editReader({ told, overview }: Places): EditReader {
  return ({ sessionID, txIndex }, madeAtMs) => {
    const missingAt = overview.relays
      .filter((_, index) => {
        const counts = told[index];
        return typeof counts === 'object' && (counts[sessionID] ?? 0) <= txIndex;
      })
      .map(({ host }) => host);
    return { sessionID, index: txIndex, madeAtMs, ...(missingAt.length > 0 && { missingAt }) };
  };
}

function childless(what: TreeWhat): Children {
  return { what, total: 0, entries: [] };
}

function mapEntry(map: RawCoMap, key: string, edit: EditReader): Entry {
  const raw = map.getRaw(key);
  return { key, value: map.get(key), edit: raw && edit(raw.txID, raw.madeAt) };
}

function listEntry(item: ReturnType<RawCoList['entries']>[number], key: number, edit: EditReader): Entry {
  return { key, value: item.value, edit: edit(item.opID, item.madeAt) };
}

function entryAt(content: OpenContent, key: string | number, edit: EditReader): Entry | undefined {
  if (content instanceof RawCoMap) {
    return typeof key === 'string' && content.get(key) !== undefined
      ? mapEntry(content, key, edit)
      : undefined;
  }
  if (!(content instanceof RawCoList) || typeof key !== 'number') return undefined;
  const item = content.entries()[key];
  return item && listEntry(item, key, edit);
}

/** A session's items, newest first. */
function readSession(items: StreamItems, path: TreePath, edit: EditReader, wanted: TreeWanted): TreePage {
  const [sessionID, index, ...inner] = path;
  const sessionItems =
    typeof sessionID === 'string' && Object.hasOwn(items, sessionID) ? items[sessionID] : undefined;
  if (!sessionItems) return { state: 'nothing' };
  const entryOf = (key: number): Entry | undefined => {
    const item = sessionItems[key];
    return item && { key, value: item.value, edit: edit(item.tx, item.madeAt) };
  };
  if (index !== undefined) {
    const entry = typeof index === 'number' ? entryOf(index) : undefined;
    return entry ? readInside(entry, inner, wanted) : { state: 'nothing' };
  }
  const from = sessionItems.length - 1 - (wanted.offset ?? 0);
  const rows = Array.from({ length: Math.min(limitOf(wanted), Math.max(0, from + 1)) }, (_, offset) =>
    entryOf(from - offset),
  );
  return {
    state: 'read',
    what: { kind: 'session' },
    total: sessionItems.length,
    rows: rows.flatMap((entry) => (entry ? [toRow('app', entry)] : [])),
  };
}

/** Reads plain JSON inside a value. The edit that wrote the value wrote all of it. */
function readInside({ value, edit }: Entry, path: TreePath, wanted: TreeWanted): TreePage {
  let inside: unknown = value;
  for (const key of path) {
    if (typeof inside !== 'object' || inside === null || !Object.hasOwn(inside, key))
      return { state: 'nothing' };
    inside = Reflect.get(inside, key);
  }
  if (typeof inside !== 'object' || inside === null) return { state: 'nothing' };
  const isList = Array.isArray(inside);
  const { total, rows } = sliceOf(Object.entries(inside), wanted);
  return {
    state: 'read',
    what: { kind: isList ? 'array' : 'object' },
    total,
    rows: rows.map(([key, child]) => toRow('app', { key: isList ? Number(key) : key, value: child, edit })),
  };
}

function toRow(guard: Guard, { key, value, edit }: Entry): TreeRow {
  const name = typeof key === 'string' ? key : undefined;
  return {
    // A key that is cut or redacted leads to no children.
    key: name === undefined ? key : shownKey(name),
    value: guardedValue(guard, name, value),
    ...(edit && { edit }),
  };
}

function textOf(items: readonly { readonly value: unknown }[]): TreeWhat {
  const text = items
    .slice(0, maxTextLength)
    .map(({ value }) => String(value))
    .join('');
  const shown = shownValue(text, maxTextLength);
  const preview = shown.kind === 'text' ? shown.preview : text;
  return {
    kind: 'text',
    preview: items.length > maxTextLength ? `${preview}…` : preview,
    length: items.length,
  };
}

function binaryOf(content: RawBinaryCoStream): TreeWhat {
  const { mimeType, fileName, totalSizeBytes } = content.getBinaryStreamInfo() ?? {};
  return {
    kind: 'binary',
    ...(typeof mimeType === 'string' && { mimeType: shownKey(mimeType) }),
    ...(typeof fileName === 'string' && { fileName: shownKey(fileName) }),
    ...(typeof totalSizeBytes === 'number' && { totalBytes: totalSizeBytes }),
    isComplete: content.isBinaryStreamEnded(),
  };
}

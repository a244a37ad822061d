import type { AvailableCoValueCore, LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isKernelError } from '../../base/kernel-error.ts';
import type { Role } from '../../base/role.ts';
import { groupAccessOf, isComplete } from '../../engine/covalue-access.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import type { Loads } from '../loads/create-loads.ts';
import { buildBlob } from './build-blob.ts';
import type { ContentLimit } from '../content-limit.ts';
import { readableName } from './file-name.ts';
import { broken, nothingYet, unauthorized, unavailable } from './file-states.ts';
import type { FileState } from './files.ts';
import { createArrivals, isFile, isTooMuch, readContent, type FileContent } from './read-stream.ts';

/** After a failed read of the storage. */
const retryMs = 5_000;

export interface FileParts {
  readonly node: LocalNode;
  readonly load: Loads['load'];
  readonly clock: Clock;
  readonly limit: ContentLimit;
}

/** Loads a file, and publishes its states until it is whole or broken. Returns a function that ends this and revokes its URL. */
export function followFile(parts: FileParts, id: RawCoID, publish: (state: FileState) => void): () => void {
  const { node, clock, limit } = parts;
  const core = getOrCreateCoValue(node, id);
  const ended = new AbortController();
  const followed = new Set<RawCoID>();
  let load: 'pending' | 'ended' | 'not found' = 'pending';
  let arrivals: ReturnType<typeof createArrivals> | undefined;
  let isBuilding = false;
  let url: string | undefined;

  function beginLoad(): void {
    load = 'pending';
    const end = (error?: unknown) => {
      load = core.isAvailable() ? 'ended' : 'not found';
      if (isKernelError(error, 'CO_VALUE_UNREADABLE') && !ended.signal.aborted) loadLater();
      check();
    };
    parts.load(id, { signal: ended.signal, timeoutMs: Infinity }).then(() => end(), end);
  }

  /** The storage may recover. */
  function loadLater(): void {
    ended.signal.addEventListener('abort', clock.after(retryMs, beginLoad));
  }

  function readState(): FileState | FileContent {
    try {
      return stateNow();
    } catch {
      // cojson cannot read the content.
      return broken;
    }
  }

  function stateNow(): FileState | FileContent {
    if (!core.isAvailable()) return load === 'pending' ? nothingYet : unavailable;
    if (core.isDeleted) return unavailable;
    if (!isFile(core)) return broken;
    // It has arrived since. Another load decides whether this account may read it.
    if (load === 'not found') beginLoad();
    const access = groupAccessOf(node, core);
    // A change of the group does not notify a CoValue of which nothing could be read.
    if (access) follow(access.groupID);
    if (access?.role === undefined) return load === 'pending' ? nothingYet : unauthorized;
    return contentNow(core, access.role);
  }

  function follow(followedID: RawCoID): void {
    if (followed.has(followedID)) return;
    followed.add(followedID);
    ended.signal.addEventListener('abort', getOrCreateCoValue(node, followedID).subscribe(check, false));
  }

  function contentNow(available: AvailableCoValueCore, role: Role): FileState | FileContent {
    arrivals ??= createArrivals(available);
    const { start, bytes, hasEnd } = arrivals();
    if (isTooMuch({ start, bytes }) && isTooMuch(readContent(available))) {
      limit.refuse(id);
      return broken;
    }
    if (hasEnd) {
      const content = readContent(available);
      // With all the bytes that were announced, it is whole, whatever other members go on adding.
      const isAll = content.start?.totalSizeBytes !== undefined || isComplete(available);
      if (content.hasEnded && isAll && isWhole(content)) return content;
      if (content.hasEnded && isComplete(available)) return broken;
    }
    if (limit.isRefused(id)) return broken;
    // It reads only what it has written.
    if (role === 'writeOnly' && !start && isComplete(available)) return unauthorized;
    const total = start?.totalSizeBytes;
    return { state: 'loading', received: bytes, ...(total !== undefined && { total }) };
  }

  function check(): void {
    if (isBuilding || ended.signal.aborted) return;
    const now = readState();
    if ('chunks' in now) void build(now);
    else if (now === broken) finish(broken);
    else publish(now);
  }

  async function build(content: FileContent): Promise<void> {
    isBuilding = true;
    publish({ state: 'loading', received: content.bytes, total: content.bytes });
    const blob = await buildBlob(content, clock).catch(() => undefined);
    if (ended.signal.aborted) return;
    if (!blob) return finish(broken);
    url = URL.createObjectURL(blob);
    const name = readableName(content.start?.fileName ?? '');
    finish({ state: 'ready', blob, url, ...(name !== undefined && { name }) });
  }

  /** Lets the kernel unload the CoValue. */
  function finish(state: FileState): void {
    ended.abort();
    publish(state);
  }

  limit.watch(id);
  follow(id);
  beginLoad();
  check();

  return () => {
    ended.abort();
    if (url !== undefined) URL.revokeObjectURL(url);
  };
}

function isWhole({ start, bytes }: FileContent): boolean {
  return start !== undefined && bytes === (start.totalSizeBytes ?? bytes);
}

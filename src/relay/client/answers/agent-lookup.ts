import type { SyncMessage } from 'cojson';
import type { Logger } from '../../../base/logger.ts';
import {
  isDeleteSession,
  sessionsOf,
  type Content,
  type CoValueHeader,
  type RawCoID,
} from '../../../engine/content.ts';
import type { RefusalCode } from '../../../wire/frames.ts';
import type { StoredContent } from '../../storage/content-loader.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';

/**
 * Answers a client that has proved only an agent, from the storage. The client is no peer, so nothing else can reach it, and
 * nothing of it the node.
 */
export interface AgentLookup {
  /** Answers a load with the stored content or with "not found". The other sync messages are refused. */
  take(message: SyncMessage): void;
  /** While it is true, take no other message. */
  isBusy(): boolean;
  /** Call it when the connection ends. */
  close(): void;
}

export interface AgentLookupOptions {
  readonly agentID: string;
  readonly storage: Pick<SqlStorage, 'readContent'>;
  /** Whether an operator has taken it down. */
  isTakenDown(id: RawCoID): boolean;
  readonly logger: Logger;
  send(message: SyncMessage): void;
  /** So many bytes are being sent. */
  holds(bytes: number): void;
  /** Disconnects the client. */
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
  /** `isBusy` is false again. */
  answered(): void;
}

/** A new device needs two: the entry of its passkey, and the group that owns it. */
export const maxLookupLoads = 20;
/** An entry and its group take 2 kB. */
export const maxLookupBytes = 256_000;
export const lookupMs = 30_000;
export const lookupRetryMs = 10_000;

export function createAgentLookup(options: AgentLookupOptions): AgentLookup {
  const { agentID, storage, isTakenDown, logger, send, holds, refuse, answered } = options;
  const sent = new Set<string>();
  let loads = 0;
  let bytes = 0;
  let isBusy = false;
  let isClosed = false;

  const isOfAgent = ({ ruleset }: CoValueHeader) =>
    ruleset.type === 'group' && ruleset.initialAdmin === agentID;

  /** What this agent may have of it, its owner first. A header cannot lie: the ID is its hash. */
  async function read(id: RawCoID): Promise<readonly (readonly [RawCoID, StoredContent])[]> {
    const stored = await storage.readContent(id);
    if (!stored) return [];
    if (isOfAgent(stored.header)) return [[id, stored]];
    const { ruleset } = stored.header;
    if (ruleset.type !== 'ownedByGroup') return [];
    const owner = await storage.readContent(ruleset.group);
    if (!owner || !isOfAgent(owner.header)) return [];
    return [
      [ruleset.group, owner],
      [id, stored],
    ];
  }

  async function answer(id: RawCoID): Promise<void> {
    const stored = await read(id);
    // It may have been taken down meanwhile.
    const found = stored.some(([ownID]) => isTakenDown(ownID)) ? [] : stored;
    if (found.length === 0 && !isClosed) send({ action: 'known', id, header: false, sessions: {} });
    for (const [ownID, stored] of found)
      if (ownID === id || !sent.has(ownID)) await sendStored(ownID, stored);
  }

  async function sendStored(id: RawCoID, { pieces, isDeleted }: StoredContent): Promise<void> {
    for await (const piece of pieces) {
      const content = isDeleted ? deletionIn(piece) : piece;
      bytes += JSON.stringify(content).length;
      holds(bytes);
      if (isClosed || isTakenDown(id)) return;
      if (bytes > maxLookupBytes)
        return refuse('limit', `A lookup may load ${maxLookupBytes} bytes.`, lookupRetryMs);
      send(content);
    }
    sent.add(id);
  }

  return {
    take(message) {
      // cojson acknowledges what it loads.
      if (message.action === 'known') return;
      if (message.action !== 'load')
        return refuse('forbidden', 'A client that looks up a passkey’s entry may only load.');
      if (++loads > maxLookupLoads)
        return refuse('limit', `A lookup may load ${maxLookupLoads} times.`, lookupRetryMs);
      isBusy = true;
      answer(message.id)
        .catch((error: unknown) => {
          logger.debug('Could not answer a lookup', { id: message.id, error });
          if (!isClosed) refuse('storage', 'The relay cannot read from its storage.', 1_000);
        })
        .finally(() => {
          isBusy = false;
          holds(0);
          answered();
        });
    },
    isBusy: () => isBusy,
    close() {
      isClosed = true;
    },
  };
}

/** What was deleted is not passed on. */
function deletionIn({ expectContentUntil, ...piece }: Content): Content {
  return { ...piece, new: Object.fromEntries(sessionsOf(piece).filter(([id]) => isDeleteSession(id))) };
}

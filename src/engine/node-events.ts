import {
  CoValueCore,
  RawGroup,
  type LocalNode,
  type Peer,
  type PeerState,
  type RawCoID,
  type SyncMessage,
} from 'cojson';
import { isKernelError, type KernelError } from '../base/kernel-error.ts';
import type { Content } from './content.ts';
import { getOrCreateCoValue } from './covalue-lookup.ts';
import {
  isEmpty,
  knownCountsOfContent,
  knownCountsOfState,
  missingIn,
  type KnownCounts,
} from './known-counts.ts';
import { outgoingOf } from './private-fields.ts';
import { wrapMethod } from './wrap-method.ts';

/** Called synchronously from cojson, so an exception reaches cojson's caller. */
export interface NodeEvents {
  /**
   * Content that this device added, before it is stored: a transaction, in the call that makes it (`isMade`), or an
   * import.
   */
  edited(id: string, need: KnownCounts, isMade?: true): void;
  /** cojson hands content to the storage. */
  storing(content: Content): void;
  /** The storage has committed the content. */
  stored(id: string, counts: KnownCounts): void;
  /** cojson is about to handle a peer's message. */
  handling(message: SyncMessage, peer: PeerState): void;
  /** cojson has handled a peer's message. */
  handled(message: SyncMessage, peer: PeerState): void;
  /** The node has accepted a peer's content. */
  received(id: string): void;
  /** The node has rejected a peer's content. */
  refused(dropped: {
    readonly peerID: string;
    readonly id: string;
    readonly sessionID: string;
    readonly reason: string;
  }): void;
}

export type HandleContent = LocalNode['syncManager']['handleNewContent'];

/** Outermost first. */
const contentOrder = [
  'size-limit',
  'admission',
  'stored-first',
  'refusals',
  'fork-guard',
  'release-pacing',
  'events',
  'memory',
  'acknowledging',
] as const;
type ContentLayer = (typeof contentOrder)[number];

/** Follows what cojson has no events for. Requires the node's storage to be set. Returns a function that ends it. */
export function listen(node: LocalNode, listener: Partial<NodeEvents>): () => void {
  const { edited, received, refused, handling, handled, storing, stored } = listener;
  const ends = [
    edited && followEdits(node, edited),
    edited && followImports(node, edited),
    (received || refused) && followContent(node, listener),
    (handling || handled) && followMessages(node, listener),
    (storing || stored) && followStorage(node, listener),
  ];
  return () => {
    for (const end of ends) end?.();
  };
}

/** Puts a handler before cojson's. `create` receives the next handler, which stays callable after the interceptor ends. */
export function interceptContent(
  node: LocalNode,
  kind: ContentLayer,
  create: (next: HandleContent) => HandleContent,
): () => void {
  return wrapMethod(node.syncManager, 'handleNewContent', create, contentOrder.indexOf(kind));
}

function followEdits({ syncManager }: LocalNode, edited: NodeEvents['edited']): () => void {
  return wrapMethod(syncManager, 'syncLocalTransaction', (next) => (coValue, before) => {
    edited(coValue.id, missingIn(knownCountsOfState(before), knownCountsOfState(coValue.knownState())), true);
    next(coValue, before);
  });
}

/** cojson may keep imported content back, or drop it, so what counts is what the node has when it is stored. */
function followImports(node: LocalNode, edited: NodeEvents['edited']): () => void {
  let current: { readonly id: RawCoID; readonly before: KnownCounts } | undefined;

  function report(): void {
    if (!current) return;
    const { id, before } = current;
    current = undefined;
    const need = missingIn(before, knownCountsOf(node, id));
    if (!isEmpty(need)) edited(id, need);
  }

  const ends = [
    interceptContent(node, 'events', (next) => (content, from) => {
      const outer = current;
      current = from === 'import' ? { id: content.id, before: knownCountsOf(node, content.id) } : undefined;
      try {
        next(content, from);
        report();
      } finally {
        current = outer;
      }
    }),
    node.storage &&
      wrapMethod(node.storage, 'store', (next) => (content, ...rest) => {
        if (content.id === current?.id) report();
        next(content, ...rest);
      }),
  ];
  return () => {
    for (const end of ends) end?.();
  };
}

function followContent(node: LocalNode, { received, refused }: Partial<NodeEvents>): () => void {
  function reportOutcome(peer: PeerState, content: Content, before: KnownCounts): void {
    const core = getOrCreateCoValue(node, content.id);
    const after = knownCountsOf(node, content.id);
    if (!isEmpty(missingIn(before, after))) received?.(content.id);
    // Content may be missing without an error: it waits for a dependency or earlier content, or the CoValue is deleted.
    if (!core.isErroredInPeer(peer.id)) return;
    for (const sessionID of Object.keys(missingIn(after, knownCountsOfContent(content)))) {
      refused?.({ peerID: peer.id, id: content.id, sessionID, reason: 'Its signature is invalid.' });
    }
  }

  return interceptContent(node, 'events', (next) => (content, from) => {
    const before = knownCountsOf(node, content.id);
    next(content, from);
    if (typeof from === 'object') reportOutcome(from, content, before);
  });
}

function knownCountsOf(node: LocalNode, id: RawCoID): KnownCounts {
  return knownCountsOfState(getOrCreateCoValue(node, id).knownState());
}

function followMessages({ syncManager }: LocalNode, { handling, handled }: Partial<NodeEvents>): () => void {
  return wrapMethod(syncManager, 'handleSyncMessage', (next) => (message, peer) => {
    handling?.(message, peer);
    next(message, peer);
    handled?.(message, peer);
  });
}

function followStorage({ storage }: LocalNode, { storing, stored }: Partial<NodeEvents>) {
  if (!storage) return undefined;
  return wrapMethod(storage, 'store', (next) => (content, correct, done) => {
    storing?.(content);
    next(content, correct, () => {
      done?.();
      stored?.(content.id, knownCountsOfContent(content));
    });
  });
}

/** Reports each message before cojson hands it to a channel. Separate, so that apps without an inspector do not load it. */
export function listenToSending(
  { syncManager }: LocalNode,
  onSending: (message: SyncMessage, peerID: string) => void,
): () => void {
  const ends: (() => void)[] = [];

  function follow(id: string, outgoing: Peer['outgoing']): void {
    const end = wrapMethod(outgoing, 'push', (next) => (message) => {
      if (message !== 'Disconnected') onSending(message, id);
      next(message);
    });
    ends.push(end);
  }

  for (const peer of Object.values(syncManager.peers)) {
    const outgoing = outgoingOf(peer);
    if (outgoing) follow(peer.id, outgoing);
  }
  const endAdding = wrapMethod(syncManager, 'addPeer', (next) => (peer, skip) => {
    follow(peer.id, peer.outgoing);
    next(peer, skip);
  });
  return () => {
    endAdding();
    for (const end of ends) end();
  };
}

/** An edit that threw an error of the kernel, so nothing was changed. */
export interface RefusedEdit {
  /** The CoValue or, for a creation, its group. */
  readonly id: string;
  readonly isCreation: boolean;
  readonly error: KernelError;
}

type RefusalListener = (edit: RefusedEdit) => void;
type Method = (this: unknown, ...args: unknown[]) => unknown;

const refusalListeners = new Map<LocalNode, Set<RefusalListener>>();
const wrapped: (() => void)[] = [];
let lastRefusal: unknown;

/** Reports each edit that this device refuses in the call that makes it. Apps without an inspector do not load it. */
export function listenToRefusals(node: LocalNode, listener: RefusalListener): () => void {
  const entry: RefusalListener = (edit) => listener(edit);
  if (refusalListeners.size === 0) wrapEdits();
  refusalListeners.set(node, (refusalListeners.get(node) ?? new Set()).add(entry));
  return () => {
    const listeners = refusalListeners.get(node);
    if (!listeners?.delete(entry) || listeners.size > 0) return;
    refusalListeners.delete(node);
    if (refusalListeners.size === 0) for (const end of wrapped.splice(0)) end();
  };
}

/** Wraps the kernel's own patches, which throw most of the errors. */
function wrapEdits(): void {
  for (const name of ['makeTransaction', 'deleteCoValue'])
    wrapped.push(reportErrors(CoValueCore.prototype, name, (core) => core as CoValueCore, false));
  for (const name of ['createMap', 'createList', 'createStream'])
    wrapped.push(reportErrors(RawGroup.prototype, name, (group) => (group as RawGroup).core, true));
}

function reportErrors(
  prototype: object,
  name: string,
  coreOf: (target: unknown) => CoValueCore,
  isCreation: boolean,
): () => void {
  const original = Reflect.get(prototype, name) as Method;
  const reporting: Method = function (...args) {
    try {
      return original.apply(this, args);
    } catch (error) {
      reportRefusal(coreOf(this), isCreation, error);
      throw error;
    }
  };
  Reflect.set(prototype, name, reporting);
  return () => {
    if (Reflect.get(prototype, name) === reporting) Reflect.set(prototype, name, original);
  };
}

/** A creation can fail in the first edit of the new CoValue, which is then already reported. */
function reportRefusal({ id, node }: CoValueCore, isCreation: boolean, error: unknown): void {
  if (error === lastRefusal || !isKernelError(error)) return;
  lastRefusal = error;
  for (const listener of refusalListeners.get(node) ?? []) listener({ id, isCreation, error });
}

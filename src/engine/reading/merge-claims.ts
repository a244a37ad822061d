import type { CoValueCore, JsonObject } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { authorOf } from '../content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../covalue-lookup.ts';
import { openContentOf } from '../private-fields.ts';
import { withoutMerge } from './meta-shapes.ts';

// READ-3: an edit that repeats another one names that one's session in its meta, and cojson shows it as that one, by that one's
// author. That counts for sessions of the same author, for edits that a branch of this CoValue has, and for items of a list
// that name a branch. Everything else keeps its own name, and the date that it gives.

type Transaction = CoValueCore['verifiedTransactions'][number];
/** By session and index. */
type Edits = ReadonlyMap<string, Transaction>;

/** The place that an edit claims to have been made at. */
interface Claim {
  readonly sessionID: string;
  readonly index: number;
  readonly branchID: string | undefined;
  readonly madeAtMs: number;
  /** The whole meta, which is read again once the branch is here. */
  readonly meta: JsonObject;
}

/** Of refused ones, too: the next edit of the session can leave out what it has in common with this one. */
const claims = new WeakMap<Transaction, Claim>();
/** As they were signed. cojson gets only a part of them. */
const signedMetas = new WeakMap<Transaction, JsonObject>();
const editsByBranch = new WeakMap<CoValueCore, Edits>();
/** By branch, the claims of a CoValue that may count once more of it is here. */
const awaited = new WeakMap<CoValueCore, Map<string, Map<Transaction, Claim>>>();
/** Anyone who may write can name as many branches as they like. */
const mostAwaited = 20;
const deepestBranch = 10;

/** What cojson may read of the meta of an edit, which is well-formed. Undefined if the edit repeats no other one. */
export function readSource(
  core: CoValueCore,
  transaction: Transaction,
): { readonly meta: JsonObject; readonly madeAtMs: number } | undefined {
  // The group rules have their own.
  const claim = core.isGroupOrAccount() ? undefined : readClaim(transaction);
  if (!claim) return undefined;
  claims.set(transaction, claim);
  const { sessionID, branchID, meta, madeAtMs } = claim;
  const { author, currentMadeAt, changes } = transaction;
  const isOwn = authorOf(sessionID) === author;
  if (isOwn || isAnchor(core, claim, changes) || isIn(editsInBranch(core, branchID), claim, changes))
    return { meta: { ...meta, s: sessionID, ...(branchID !== undefined && { b: branchID }) }, madeAtMs };
  awaitBranch(core, claim, transaction);
  return { meta: withoutMerge(meta), madeAtMs: Math.min(madeAtMs, currentMadeAt) };
}

/**
 * The items of a list name those beside them by the branch's IDs. Without these, whoever lacks the branch would see another
 * order, and what was deleted in it. The ID of a branch keeps them apart from the list's own. Where only some may delete, a
 * deletion needs its own author's right.
 */
function isAnchor({ id, verified }: CoValueCore, { branchID }: Claim, changes: unknown): boolean {
  const { type, ruleset } = verified?.header ?? {};
  if (type !== 'colist' && type !== 'coplaintext') return false;
  const isRestricted = ruleset?.type === 'ownedByGroup' && ruleset.restrictDeletion === true;
  if (isRestricted && isDeleting(changes)) return false;
  return isBranchID(branchID) && branchID !== id;
}

function isDeleting(changes: unknown): boolean {
  return Array.isArray(changes) && changes.some((change: { readonly op?: unknown }) => change.op === 'del');
}

function isBranchID(id: string | undefined): id is string {
  return id !== undefined && /^co_z\w{1,64}$/.test(id);
}

/** Read anew each time: whether the edit before counts can change. */
function readClaim(transaction: Transaction): Claim | undefined {
  const { previous, currentMadeAt } = transaction;
  const meta = signedMetas.get(transaction) ?? transaction.meta;
  if (!meta || !('mi' in meta)) return undefined;
  signedMetas.set(transaction, meta);
  const { mi, s, b, t } = meta as Readonly<Partial<Record<string, unknown>>>;
  const before = previous?.isValid ? claims.get(previous) : undefined;
  return {
    sessionID: (s as string | undefined) ?? before?.sessionID ?? previous?.currentTxID.sessionID ?? '',
    index: mi as number,
    branchID: (b as string | undefined) ?? before?.branchID,
    // cojson takes 0 as left out.
    madeAtMs: t
      ? currentMadeAt - (t as number)
      : (before?.madeAtMs ?? previous?.currentMadeAt ?? currentMadeAt),
    meta,
  };
}

/** The edits of a branch of the CoValue, or of a branch of that, if it is here. */
function editsInBranch(core: CoValueCore, branchID: string | undefined): Edits | undefined {
  const branch = branchID === undefined ? undefined : getKnownCoValue(core.node, branchID);
  return branch?.isAvailable() && isBranchOf(core, branch) ? editsOf(branch) : undefined;
}

function isIn(edits: Edits | undefined, { sessionID, index }: Claim, changes: unknown): boolean {
  const edit = edits?.get(`${sessionID} ${index}`);
  return edit?.isValid === true && isEqual(edit.changes, changes);
}

/** Without what the branch has from its source, which is being read. Includes what does not count. */
function editsOf(branch: CoValueCore): Edits {
  branch.loadVerifiedTransactionsFromLogs();
  const known = editsByBranch.get(branch);
  // Each merged edit asks.
  if (known?.size === branch.verifiedTransactions.length) return known;
  // Makes cojson validate and decrypt them.
  branch.getValidTransactions({ ignorePrivateTransactions: false, skipBranchSource: true });
  const edits = new Map(
    branch.verifiedTransactions.map((edit) => {
      const { sessionID, txIndex } = edit.currentTxID;
      return [`${sessionID} ${txIndex}`, edit];
    }),
  );
  editsByBranch.set(branch, edits);
  return edits;
}

function isBranchOf(core: CoValueCore, branch: CoValueCore): boolean {
  let sourceID = branch.getCurrentBranchSourceId();
  for (let depth = 0; sourceID !== undefined && depth < deepestBranch; depth++) {
    if (sourceID === core.id) return true;
    sourceID = getKnownCoValue(core.node, sourceID)?.getCurrentBranchSourceId();
  }
  return false;
}

/** Also for an edit that the branch lacks, or that does not count there yet. */
function awaitBranch(core: CoValueCore, claim: Claim, transaction: Transaction): void {
  const { branchID } = claim;
  if (!isBranchID(branchID)) return;
  const branches = awaited.get(core) ?? new Map<string, Map<Transaction, Claim>>();
  awaited.set(core, branches);
  const known = branches.get(branchID);
  if (known) return void known.set(transaction, claim);
  if (branches.size >= mostAwaited) return;
  const waiting = new Map([[transaction, claim]]);
  branches.set(branchID, waiting);
  const branch = getOrCreateCoValue(core.node, branchID);
  branch.waitFor({
    predicate() {
      if (!branch.isCompletelyDownloaded()) return false;
      const edits = editsInBranch(core, branchID);
      return [...waiting].some(([{ changes }, one]) => isIn(edits, one, changes));
    },
    onSuccess() {
      branches.delete(branchID);
      core.resetParsedTransactions();
      openContentOf(core)?.rebuildFromCore();
    },
  });
  core.node.loadCoValueCore(branch.id).catch(() => {});
}

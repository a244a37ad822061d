/** The rules that TRUTH.md marks with ◆. The model can leave out each; its scenario then has a trace. */
export const rules = {
  auditDebt: 'The transaction that advances an audit also writes what the relay lacks as debts.',
  ownGeneration: 'A word counts only if the relay’s record still has the generation of its channel.',
  auditGeneration: 'An audit advances only if the relay’s record still has the generation of its channel.',
  ownSessions: 'Everything stored of this device’s sessions is owed, also if a relay brought it.',
  namedDebts: 'Each debt of a whole CoValue has a name of its own.',
  savedOnly: 'A word counts only as far as the content is stored.',
  askedAfter: 'Only the answer to a question asked after ledger and record were read denies.',
  lastJoined: 'A tab joins its last confirmed counts into the record instead of replacing it.',
  lastWithWords: 'The last confirmed counts are written in the transaction of their words.',
  holdRefill: 'A settled edit is sent again only once the new generation is on the disk.',
  anyTab: 'Any connected tab delivers a debt that its own tab does not.',
  freshGenerations: 'No generation is used twice.',
  exclusiveSignOut: 'Sign-out reads the ledger and deletes in one exclusive transaction.',
  promiseWithdrawn: 'A withdrawn promise is in the record before words count.',
  compareSessions: 'Content and words of this device’s sessions are compared with its own.',
  storedOnly: 'A debt beyond what is stored, of a session that nobody holds, is not pending.',
  segmentsGuard: 'The compaction of segments reads in its own transaction whether an audit is open.',
  lastOfAudit: 'The last confirmed counts include some that an audit found.',
  askTwice: 'A denied count becomes a debt and is asked for a second time before it is a loss.',
} as const;

/** What deletion, quota, forks, replays and migration need, and TRUTH.md lacks or leaves open. */
export const proposals = {
  deletedWords: 'A word that names a deletion counts for nothing else of that CoValue.',
  deletionDenies: 'An answer that names a deletion denies nothing else of that CoValue.',
  deletedHere: 'Of a CoValue deleted here, nothing but the deletion counts as settled.',
  deletionOwed: 'A deletion is owed to every relay, whoever made it.',
  voidByStored: 'The stored, valid deletion ends debts of its CoValue, not the debt of the deletion.',
  restoredAnew:
    'Content restored after an invalid deletion is owed anew, and earlier words on it no longer count.',
  queuedOwed: 'Content that waits to be saved counts as a debt in the tab that holds it, whoever made it.',
  unsavedGeneration:
    'If a new generation cannot be written, the channel delivers all the same, and its words count for nothing.',
  rewriteSaved: 'A rewritten copy is sent only once it is on the disk.',
  copyClaimed: 'The transaction that stores a copy drops it if another tab has stored one.',
  forkEndsFacts: 'A fork ends the earlier debts and words of the session.',
  displacedCompared:
    'The history that a fork brought is owed; a relay that holds another one has settled it.',
  forkOnce: 'A session of a CoValue forks once; what other relays hold of it is not compared any more.',
  forkHoldsWords:
    'From the moment a fork is seen until its pieces are aside, no word on that session counts.',
  compareFirst:
    'On each channel, a session of this device is compared once before its first word counts, also if this tab sent it.',
  auditCompares: 'An audit, too, compares sessions of this device instead of counting them.',
  spareStays: 'After a replay, the CoValue is edited under the spare session.',
  samePlace: 'A difference is a fork only if our key signed it for this place.',
  dropReplays: 'Content signed for another place is neither stored nor owed.',
  migrationAudit: 'Migration begins an audit of each relay from the beginning.',
  takeoverAudits: 'Each transaction of a takeover of stock storage begins the audit of each relay anew.',
} as const;

/** What TRUTH.md asks for, and without which the model finds nothing. */
export const superfluous = {
  marksBecomeDebts: 'In the migration, each CoValue that was marked as unconfirmed becomes a debt.',
  asideUntilConfirmed:
    'Displaced pieces whose copy is stored with its debt stay aside until that is confirmed.',
} as const;

const everyRule = { ...rules, ...proposals, ...superfluous };
export type Rule = keyof typeof everyRule;
export const allRules = Object.keys(everyRule) as readonly Rule[];

/** Mistakes of an implementation, planted to see that the model finds them. */
export type Fault =
  | 'debtAfter'
  | 'saidEarly'
  | 'failedReadIsEmpty'
  | 'lossIgnored'
  | 'auditAhead'
  | 'foldOutside'
  | 'tabClears'
  | 'asideFirst';

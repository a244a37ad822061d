import { isJsonRecord, parseJson, type JsonRecord } from '../../base/json.ts';

const withheld = '[withheld]';

/** Of our own frames: what names nobody and proves nothing. All else may be a token, a proof or what makes one. */
const plainFields: ReadonlySet<string> = new Set(
  [
    'maia,v,relay,storage,durability,limits,inspect,minAppVersion,kernel,appVersion',
    'method,accountID,expiresInMs,code,reason,id,sessionID,retryAfterMs,closing,t,ask,known',
  ].flatMap((names) => names.split(',')),
);
const plainDemand: ReadonlySet<string> = new Set(['methods', 'withinMs']);

/** A `maia` frame as it may be kept: no token, proof, signature or nonce, and nothing that this version does not know. */
export function withoutProofs(frame: JsonRecord): string {
  const { auth } = frame;
  // The frame `auth` has no field of this name; a `hello` has.
  const demand = isJsonRecord(auth) ? { auth: pick(auth, plainDemand) } : auth === null ? { auth } : {};
  return withoutKeys(JSON.stringify({ ...pick(frame, plainFields), ...demand }));
}

/** Keys that stand in the open, such as a public group's: also what a relay may see is in no panel. */
export function withoutKeys(text: string): string {
  return text.includes('Secret_z')
    ? text.replaceAll(/((?:key|sealer|signer|invite)Secret_z)[1-9A-HJ-NP-Za-km-z]+/g, `$1${withheld}`)
    : text;
}

/** A kept message as it stands in an ordinary export: what the app wrote is replaced by its length. */
export function withoutChanges(text: string): string {
  const value = parseJson(text);
  if (!isJsonRecord(value) || value.action !== 'content' || !isJsonRecord(value.new)) return text;
  const sessions = Object.entries(value.new).map(([sessionID, own]): readonly [string, unknown] => {
    if (!isJsonRecord(own) || !Array.isArray(own.newTransactions)) return [sessionID, own];
    const transactions: readonly unknown[] = own.newTransactions;
    return [sessionID, { ...own, newTransactions: transactions.map(withoutOwnChanges) }];
  });
  return JSON.stringify({ ...value, new: Object.fromEntries(sessions) });
}

function withoutOwnChanges(transaction: unknown): unknown {
  if (!isJsonRecord(transaction)) return transaction;
  const lengthInstead = (key: string) => {
    const own = transaction[key];
    return typeof own === 'string' ? { [key]: `[${own.length} characters]` } : {};
  };
  return {
    ...transaction,
    ...lengthInstead('changes'),
    ...lengthInstead('encryptedChanges'),
    ...lengthInstead('meta'),
  };
}

function pick(record: JsonRecord, plain: ReadonlySet<string>): JsonRecord {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, plain.has(key) ? value : withheld]),
  );
}

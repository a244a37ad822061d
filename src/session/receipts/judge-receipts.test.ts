import { expect, it } from 'vitest';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { receiptType, type Receipt, type SignedReceipt } from '../../wire/receipt.ts';
import { findContradiction, nonceOf, readContradiction } from './judge-receipts.ts';

const secret = crypto.newRandomAgentSecret();
const key = crypto.getAgentSignerID(crypto.getAgentID(secret));

function sign(n: number, changes: Partial<Receipt> = {}): SignedReceipt {
  const receipt: Receipt = {
    ...{ typ: receiptType, storageID: 's', epoch: 'e', n, root: `root ${n}`, nonce: 'nonce', at: [] },
    ...changes,
  };
  return { receipt, signature: crypto.sign(crypto.getAgentSignerSecret(secret), receipt) };
}

/** A device knows state 5, asks, and gets state 3. */
function proveRollback() {
  const earlier = sign(5);
  const challenge = { salt: 'salt', known: [earlier.signature] };
  const later = sign(3, { nonce: nonceOf(crypto, challenge) });
  const found = findContradiction(key, [earlier], later, challenge);
  if (!found) throw new Error('It is a proof.');
  return found;
}

it('[RECEIPT-5] a recorded proof is read as it was found, after it was stored', () => {
  const found = proveRollback();
  expect(found.why).toBe('rollback');
  expect(readContradiction(crypto, JSON.parse(JSON.stringify(found)))).toEqual(found);
  const split = findContradiction(key, [sign(5)], sign(7, { at: [{ n: 5, root: 'other' }] }), {
    ...{ salt: 'salt', known: [] },
  });
  expect(split?.why).toBe('split-view');
  expect(readContradiction(crypto, split)).toEqual(split);
});

it('[RECEIPT-5] an honest relay’s receipts in a false order, or of two states, are no proof', () => {
  const found = proveRollback();
  const { earlier } = found;
  const before = sign(3);
  const isNone = (changes: object) =>
    expect(readContradiction(crypto, { ...found, ...changes })).toBeUndefined();
  // It was signed before: nothing shows that its nonce was made when the other one was known.
  isNone({ later: before });
  isNone({ later: before, challenge: { salt: 'salt', known: [earlier.signature, before.signature] } });
  isNone({ challenge: { ...found.challenge, known: [] } });
  const { nonce } = found.later.receipt;
  isNone({ later: sign(3, { nonce, epoch: 'another' }) });
  isNone({ later: sign(3, { nonce, storageID: 'another' }) });
  isNone({ later: sign(5, { nonce }) });
  isNone({ why: 'split-view' });
  isNone({ key: crypto.getAgentSignerID(crypto.getAgentID(crypto.newRandomAgentSecret())) });
  isNone({ key: 'nonsense' });
  isNone({ later: { ...found.later, signature: earlier.signature } });
  isNone({ later: undefined });
});

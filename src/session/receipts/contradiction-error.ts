import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { RelayContradiction } from '../../sync/confirmations.ts';

export function contradicted(
  relayID: string,
  { why, earlier, later }: Pick<RelayContradiction, 'why' | 'earlier' | 'later'>,
): KernelError {
  const what =
    why === 'rollback'
      ? `its storage went back from state ${earlier.receipt.n} to state ${later.receipt.n}`
      : 'it shows devices of this account different states of its storage';
  return createKernelError(
    'RELAY_CONTRADICTION',
    `The signatures of the relay ${relayID} prove that ${what}, in one epoch. This device compares everything with it again and sends what it lacks. What no device of the account or its groups still has is lost. Ask the operator to restore the latest backup, or to run \`maia-relay epoch new\` if one was restored, and keep the proof, which the event \`lost\` has.`,
    { details: { peerID: relayID, why } },
  );
}

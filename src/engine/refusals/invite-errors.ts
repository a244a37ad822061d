import { base58 } from '@scure/base';
import { RawGroup, type AgentID, type LocalNode } from 'cojson';
import { createKernelError, type KernelError, type KernelErrorDetails } from '../../base/kernel-error.ts';
import { getAvailableCoValue } from '../covalue-lookup.ts';
import { raises, roleOfInvite } from '../group-rules/roles.ts';
import { wrapMethod } from '../wrap-method.ts';

type Reason = KernelErrorDetails['INVITE_INVALID']['reason'];

/** Makes `acceptInvite` reject with INVITE_INVALID if the invite is the reason. cojson throws errors without a code. */
export function nameInviteErrors(node: LocalNode): void {
  wrapMethod(node, 'acceptInvite', (next) => async (id, secret) => {
    const agentID = inviteAgentOf(node, secret);
    try {
      await next(id, secret);
    } catch (cause) {
      const group = groupOf(node, id);
      const role = group?.get(agentID);
      const given = roleOfInvite(role);
      // An invite lowers no role.
      if (given && !raises(group?.get(node.getCurrentAgent().id), given)) return;
      const reason = role === 'revoked' ? 'revoked' : isTimeout(cause) ? 'unknown' : undefined;
      throw reason ? inviteInvalid(reason, cause) : cause;
    }
  });
}

/** An invite's secret is the seed of an agent, which is a member of the group. Throws INVITE_INVALID if it is no secret. */
export function inviteAgentOf({ crypto }: LocalNode, secret: string): AgentID {
  return crypto.getAgentID(agentSecretOf(crypto, secret));
}

export function agentSecretOf(
  crypto: LocalNode['crypto'],
  secret: string,
): ReturnType<LocalNode['crypto']['agentSecretFromSecretSeed']> {
  try {
    const [, encoded = ''] = /^inviteSecret_z(.+)$/.exec(secret) ?? [];
    return crypto.agentSecretFromSecretSeed(base58.decode(encoded));
  } catch {
    // The cause could repeat the secret.
    throw inviteInvalid('form', undefined);
  }
}

function groupOf(node: LocalNode, id: string): RawGroup | undefined {
  const core = getAvailableCoValue(node, id);
  const content = core?.safeGetGroup() ?? core?.getCurrentContent();
  return content instanceof RawGroup ? content : undefined;
}

/** cojson waits two seconds for the invite to appear in the group. */
function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.message.includes('find invite');
}

const explanations: Readonly<Record<Reason, string>> = {
  form: 'The text is not an invite, or part of it is missing. Copy the whole link again.',
  unknown: 'The group has no such invite. Check the link, and that its sender was online after creating it.',
  revoked: 'The invite was revoked. Ask for a new one.',
};

export function inviteInvalid(reason: Reason, cause: unknown): KernelError {
  return createKernelError('INVITE_INVALID', explanations[reason], { cause, details: { reason } });
}

import type { LocalNode } from 'cojson';
import { wrapMethod } from '../../../engine/wrap-method.ts';
import type { Authorizer } from '../../authorize/authorizer.ts';

/** What the clients of one namespace need to be asked about. */
export interface Authorization {
  readonly authorizer: Authorizer;
  readonly appID: string | undefined;
  /** The CoValue that the node sends to the client now, after what it depends on. */
  rootFor(peerID: string): string | undefined;
}

export function followAuthorization(
  authorizer: Authorizer,
  appID: string | undefined,
  { syncManager }: LocalNode,
): Authorization {
  let current: { readonly id: string; readonly peerID: string } | undefined;
  wrapMethod(syncManager, 'sendNewContent', (next) => (id, peer, ...rest) => {
    const outer = current;
    current = { id, peerID: peer.id };
    try {
      next(id, peer, ...rest);
    } finally {
      current = outer;
    }
  });
  return {
    authorizer,
    appID,
    rootFor: (peerID) => (current?.peerID === peerID ? current.id : undefined),
  };
}

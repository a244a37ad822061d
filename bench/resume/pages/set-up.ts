import { signUpWithRecoveryPhrase } from '@MaiaOS/kernel';
import { createLibrary } from './library.ts';
import { ask, keep } from '../../harness/page.ts';

/** Makes an account and what is in it, and leaves this device as a person does who used an app here. */
ask('setUp', async ({ relay, seed, size }: { relay: string; seed: number; size: number }) => {
  const { session } = await signUpWithRecoveryPhrase({ sync: { url: relay } });
  const { node, accountID } = session;
  createLibrary(session.account, { seed, size });
  await new Promise<void>((resolve) => {
    session.sync.subscribe(({ saved, confirmed }) => {
      if (saved.pending === 0 && confirmed.pending === 0) resolve();
    });
  });
  // What a stock app keeps in the open, ours keeps wrapped.
  keep({ accountID, agentSecret: node.agentSecret });
  await session.close();
});

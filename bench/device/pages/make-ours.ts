import { signUpWithRecoveryPhrase } from '@MaiaOS/kernel';
import { offerMaking } from './measure-work.ts';

async function create() {
  const { session } = await signUpWithRecoveryPhrase({ sync: false, anotherAccount: true });
  return {
    node: session.node,
    saved: () =>
      new Promise<void>((resolve) => {
        session.sync.subscribe(({ saved }) => {
          if (saved.pending === 0) resolve();
        });
      }),
    close: () => session.close(),
  };
}

offerMaking(create());

import { signUpWithRecoveryPhrase } from '@MaiaOS/kernel';
import { relayOfPage } from '../../harness/page.ts';
import { offerArrival } from './watch-arrival.ts';

async function open() {
  const url = relayOfPage();
  const { session } = await signUpWithRecoveryPhrase({
    sync: url === undefined ? false : { url },
    anotherAccount: true,
  });
  await new Promise<void>((resolve) => {
    session.sync.subscribe(({ saved, confirmed }) => {
      if (saved.pending === 0 && confirmed.pending === 0) resolve();
    });
  });
  return session.node;
}

offerArrival(open());

import { resumeSession } from '@MaiaOS/kernel';
import { readAccount } from './account.ts';
import { ask, relayOfPage } from '../../harness/page.ts';

async function resume() {
  const relay = relayOfPage();
  const session = await resumeSession({ sync: relay === undefined ? false : { url: relay } });
  if (!session) throw new Error('Nobody is remembered here.');
  const openMs = performance.now();
  const read = await readAccount(session.node, session.account);
  return { openMs, readableMs: performance.now(), ...read };
}

const resumed = resume();
ask('resumed', () => resumed);

import { resumeSession } from '@MaiaOS/kernel';
import { offerReading } from './measure-work.ts';

async function open() {
  const session = await resumeSession({ sync: false });
  if (!session) throw new Error('Nobody is remembered here.');
  return session.node;
}

offerReading(open());

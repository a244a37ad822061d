import { signUpWithRecoveryPhrase } from '@MaiaOS/kernel';
import { relayOfPage } from '../../harness/page.ts';
import { offerDevice, type Device } from './device.ts';

async function open(): Promise<Device> {
  const { session } = await signUpWithRecoveryPhrase({ sync: { url: relayOfPage() ?? '' } });
  return {
    node: session.node,
    synced: (id) => session.sync.whenConfirmed(id),
    async writeFile(owner, bytes) {
      let steps = 0;
      const { id } = await session.files.write(owner, bytes, { onProgress: () => void steps++ });
      if (steps < 100) throw new Error(`The file had only ${steps} steps of progress.`);
      return id;
    },
  };
}

offerDevice(open());

import { signUpWithPasskey, subscribeSyncState, type SyncState } from '@MaiaOS/kernel';
import { LocalNode } from '@MaiaOS/kernel/cojson';

const output = document.querySelector('output');

document.querySelector('button')?.addEventListener('click', () => {
  signUp().then(show, (error: unknown) => show({ error: String(error) }));
});

async function signUp(): Promise<object> {
  const { node, account } = await signUpWithPasskey();
  await confirmation();
  return { accountID: account.id, isOneInstance: node instanceof LocalNode };
}

function confirmation(): Promise<SyncState> {
  return new Promise((resolve) => {
    subscribeSyncState((state) => {
      if (state.status === 'confirmed') resolve(state);
    });
  });
}

function show(result: object): void {
  if (output) output.value = JSON.stringify(result);
}

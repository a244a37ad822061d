import { activeSession, signInWithPasskey, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import { useReadable } from '@MaiaOS/kernel/react';
import { useEffect, useState } from 'react';
import * as lists from './list.ts';

export function App() {
  const session = useReadable(activeSession);
  const root = useReadable(session?.watch<{ list?: string }>(lists.rootOf(session)));
  const sync = useReadable(session?.sync);
  useEffect(() => void (session && lists.followLink(session)), [session]);
  if (!session) return <Welcome />;
  return (
    <>
      {root?.state === 'ready' && <List key={root.value.list} session={session} id={root.value.list} />}
      <footer>
        <output>{sync && lists.syncText(sync)}</output>
        <button onClick={() => lists.signOut(session)}>Sign out</button>
      </footer>
    </>
  );
}

const Welcome = () => (
  <p>
    <button onClick={() => signUpWithPasskey({ appName: 'Shared list' })}>Sign up</button>
    <button onClick={() => signInWithPasskey()}>Sign in</button>
  </p>
);

function List({ session, id }: { session: Session; id: string | undefined }) {
  const list = useReadable(id ? session.watch<lists.Items>(id) : undefined);
  const [link, setLink] = useState('');
  if (list?.state === 'loading') return <p>This list is loading.</p>;
  const text = list ? `This list is ${list.state}. Start another` : 'Start a list';
  if (!id || list?.state !== 'ready') return <button onClick={() => lists.startList(session)}>{text}</button>;
  const { value, raw, canWrite } = list;
  return (
    <fieldset disabled={!canWrite}>
      <form action={(form) => void raw.set(lists.newKey(), { text: String(form.get('text')), done: false })}>
        <input name="text" placeholder="New item" aria-label="New item" required maxLength={1000} />
        <button>Add</button>
      </form>
      <ul>
        {lists.itemsOf(value).map(([key, { text, done }]) => (
          <li key={key}>
            <label>
              <input type="checkbox" checked={done} onChange={() => raw.set(key, { text, done: !done })} />
              {text}
            </label>
          </li>
        ))}
      </ul>
      <button onClick={async () => setLink(await lists.shareList(session, id, location.href))}>Share</button>
      {link && <input aria-label="Link for others" readOnly value={link} />}
    </fieldset>
  );
}

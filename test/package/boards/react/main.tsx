import { activeSession, signInWithPasskey, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import { useReadable } from '@MaiaOS/kernel/react';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { addItem, columnsOf, newBoard, orderBefore, removeItem, type Content, type Item } from '../board.ts';
import { attach, open, openInvite, rootOf, share, signOut } from '../session.ts';

createRoot(document.querySelector('main') ?? document.body).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

function App() {
  const session = useReadable(activeSession);
  const sync = useReadable(session?.sync);
  const root = useReadable(session?.watch<{ board?: string }>(rootOf(session)));
  useEffect(() => void (session && openInvite(session)), [session]);
  if (session)
    return (
      <>
        <output>{`${sync?.error?.message ?? sync?.status}, ${sync?.confirmed.pending} changes to send`}</output>
        <button onClick={() => void open(session, newBoard(session))}>New board</button>
        <button onClick={() => void signOut(session)}>Sign out</button>
        {root?.state === 'ready' && root.value.board && <Board session={session} id={root.value.board} />}
      </>
    );
  return (
    <>
      <button onClick={() => void signUpWithPasskey({ appName: 'Kanban' })}>Sign up</button>
      <button onClick={() => void signInWithPasskey()}>Sign in</button>
    </>
  );
}

function Board({ session, id }: { session: Session; id: string }) {
  const board = useReadable(session.watch<Content>(id));
  const keys = board.state === 'ready' ? Object.keys(board.value) : [];
  const items = useReadable(session.watchAll<Content>(keys.filter((key) => key !== 'title')));
  const [removal, setRemoval] = useState<ReturnType<typeof removeItem>>();
  const list = session.members(id);
  const { members } = useReadable(list);
  const isAdmin = members.some(({ isMe, role }) => isMe && role === 'admin');
  const here = useReadable(session.presence(id)).others.map(({ accountID }) => accountID);
  useEffect(() => session.presence(id).set(true), [session, id]);
  if (board.state !== 'ready') return <p role="status">No board to show: {board.state}.</p>;
  const addCard = (column: string, order: string) => addItem(board.raw, { title: '', order, column });
  return (
    <fieldset disabled={!board.canWrite}>
      <Title of={board} />
      <aside>
        {members.map(({ accountID, isMe, name = '' }) => (
          <p key={accountID}>
            {isMe ? 'You' : name || accountID.slice(-4)} {here.includes(accountID) && '(here)'}
            {isMe && (
              <button onClick={() => void session.rename(prompt('Name', name) ?? name)}>Rename</button>
            )}
            {isAdmin && !isMe && <button onClick={() => void list.remove(accountID)}>Remove</button>}
          </p>
        ))}
        {isAdmin && <button onClick={() => void share(session, id)}>Invite</button>}
      </aside>
      {removal?.canUndo(board) && <button onClick={removal.undo}>Undo</button>}
      {columnsOf(items).map((column, at, columns) => (
        <section key={column.id}>
          <Title of={column} />
          {column.cards.map((card, index, cards) => (
            <article key={card.id} title={card.reached}>
              <Title of={card} />
              {card.value.picture && <Picture session={session} id={card.value.picture} />}
              <input type="file" title="Picture" onChange={(e) => void attach(session, card.id, e.target)} />
              <button onClick={() => card.raw.set('order', orderBefore(cards, cards[index - 1]))}>↑</button>
              <button onClick={() => card.raw.set('column', (columns[at + 1] ?? columns[0])?.id)}>→</button>
              <button onClick={() => setRemoval(removeItem(board, card.id))}>×</button>
            </article>
          ))}
          <button onClick={() => addCard(column.id, orderBefore(column.cards))}>Add card</button>
        </section>
      ))}
    </fieldset>
  );
}

const Title = ({ of: { value, raw } }: { of: Item }) => (
  <input title="Title" value={value.title} onChange={({ target }) => raw.set('title', target.value)} />
);

function Picture({ session, id }: { session: Session; id: string }) {
  const file = useReadable(session.files.watch(id));
  return file.state === 'ready' && <img src={file.url} alt="" />;
}

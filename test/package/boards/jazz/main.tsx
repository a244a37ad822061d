import { activeSession, signInWithPasskey, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import { createJazzManager } from '@MaiaOS/kernel/jazz';
import { useReadable } from '@MaiaOS/kernel/react';
import { generateKeyBetween } from 'fractional-indexing';
import { co, Group, setDefaultSchemaPermissions, z } from 'jazz-tools';
import { JazzContext, useCoState } from 'jazz-tools/react-core';
import { StrictMode, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { attach, open, openInvite, rootOf, share, signOut } from '../session.ts';

setDefaultSchemaPermissions({ onInlineCreate: 'sameAsContainer' });
/** `column` is its place among the columns, `picture` the ID of a file. */
const Card = co.map({
  title: z.string(),
  order: z.string(),
  column: z.number(),
  picture: z.optional(z.string()),
});
/** The cards by their IDs, so that two people can add some at once. */
const Board = co.map({
  title: z.string(),
  columns: co.list(co.map({ title: z.string() })),
  cards: co.record(z.string(), Card),
});
type Card = co.loaded<typeof Card>;

function newBoard(): string {
  const columns = ['To do', 'Doing', 'Done'].map((title) => ({ title }));
  return Board.create({ title: 'Our board', columns, cards: {} }, Group.create()).$jazz.id;
}

/** The key with which a card comes before `next`, or else last. */
function orderBefore(cards: readonly Card[], next?: Card): string {
  const previous = cards.findLast(({ order }) => !next || order < next.order);
  return generateKeyBetween(previous?.order, next?.order);
}

createRoot(document.querySelector('main') ?? document.body).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

function App() {
  const session = useReadable(activeSession);
  if (session) return <Home session={session} />;
  return (
    <>
      <button onClick={() => void signUpWithPasskey({ appName: 'Kanban' })}>Sign up</button>
      <button onClick={() => void signInWithPasskey()}>Sign in</button>
    </>
  );
}

function Home({ session }: { session: Session }) {
  const { manager } = useMemo(() => createJazzManager(session), [session]);
  const root = useReadable(session.watch<{ board?: string }>(rootOf(session)));
  const { status, error, confirmed } = useReadable(session.sync);
  useEffect(() => void openInvite(session), [session]);
  return (
    <JazzContext.Provider value={manager}>
      <output>{`${error?.message ?? status}, ${confirmed.pending} changes to send`}</output>
      <button onClick={() => void open(session, newBoard())}>New board</button>
      <button onClick={() => void signOut(session)}>Sign out</button>
      {root.state === 'ready' && root.value.board && <Kanban session={session} id={root.value.board} />}
    </JazzContext.Provider>
  );
}

function Kanban({ session, id }: { session: Session; id: string }) {
  const board = useCoState(Board, id, { resolve: { columns: { $each: true }, cards: { $each: true } } });
  const [removed, setRemoved] = useState<Card>();
  const list = session.members(id);
  const { members } = useReadable(list);
  const isAdmin = members.some(({ isMe, role }) => isMe && role === 'admin');
  const here = useReadable(session.presence(id)).others.map(({ accountID }) => accountID);
  useEffect(() => session.presence(id).set(true), [session, id]);
  if (!board.$isLoaded) return <p role="status">No board to show: {board.$jazz.loadingState}.</p>;
  const { columns, cards } = board;
  // Devices that were apart may have chosen the same key; then the ID decides.
  const place = ({ order, $jazz }: Card) => `${order} ${$jazz.id}`;
  const inOrder = Object.values(cards).sort((a, b) => (place(a) < place(b) ? -1 : 1));
  const cardsIn = (column: number) => inOrder.filter((card) => card.column === column);
  const put = (card: Card) => cards.$jazz.set(card.$jazz.id, card);
  const add = (column: number, order: string) =>
    put(Card.create({ title: '', order, column }, cards.$jazz.owner));
  function remove(card: Card) {
    cards.$jazz.delete(card.$jazz.id);
    setRemoved(card);
  }
  const attachTo = ({ $jazz }: Card, input: HTMLInputElement) => void attach(session, $jazz.id, input);
  const rename = (name: string) => void session.rename(prompt('Name', name) ?? name);
  return (
    <fieldset disabled={!board.$jazz.loadedAs.canWrite(board)}>
      <Title value={board.title} set={(title) => board.$jazz.set('title', title)} />
      <aside>
        {members.map(({ accountID, isMe, name = '' }) => (
          <p key={accountID}>
            {isMe ? 'You' : name || accountID.slice(-4)} {here.includes(accountID) && '(here)'}
            {isMe && <button onClick={() => rename(name)}>Rename</button>}
            {isAdmin && !isMe && <button onClick={() => void list.remove(accountID)}>Remove</button>}
          </p>
        ))}
        {isAdmin && <button onClick={() => void share(session, id)}>Invite</button>}
      </aside>
      {removed && !cards[removed.$jazz.id] && <button onClick={() => put(removed)}>Undo</button>}
      {columns.map((column, at) => (
        <section key={column.$jazz.id}>
          <Title value={column.title} set={(title) => column.$jazz.set('title', title)} />
          {cardsIn(at).map((card, index, cards) => (
            <article key={card.$jazz.id}>
              <Title value={card.title} set={(title) => card.$jazz.set('title', title)} />
              {card.picture && <Picture session={session} id={card.picture} />}
              <input type="file" title="Picture" onChange={(e) => attachTo(card, e.target)} />
              <button onClick={() => card.$jazz.set('order', orderBefore(cards, cards[index - 1]))}>↑</button>
              <button onClick={() => card.$jazz.set('column', (at + 1) % columns.length)}>→</button>
              <button onClick={() => remove(card)}>×</button>
            </article>
          ))}
          <button onClick={() => add(at, orderBefore(cardsIn(at)))}>Add card</button>
        </section>
      ))}
    </fieldset>
  );
}

const Title = ({ value, set }: { value: string; set: (title: string) => void }) => (
  <input title="Title" value={value} onChange={({ target }) => set(target.value)} />
);

function Picture({ session, id }: { session: Session; id: string }) {
  const file = useReadable(session.files.watch(id));
  return file.state === 'ready' && <img src={file.url} alt="" />;
}

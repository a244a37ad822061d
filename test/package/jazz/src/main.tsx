import { signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import { createJazzManager } from '@MaiaOS/kernel/jazz';
import { co, consumeInviteLink, Group, z } from 'jazz-tools';
import {
  JazzContext,
  useAccount,
  useCoState,
  useIsAuthenticated,
  useSyncConnectionStatus,
} from 'jazz-tools/react-core';
import { StrictMode, useState } from 'react';
import { createRoot, type Root } from 'react-dom/client';

const Card = co.map({ title: z.string(), isDone: z.boolean() });
const Board = co.map({ title: co.plainText(), cards: co.list(Card) });

const Root = co.map({ board: Board });

/** Adds what the root of the account lacks. */
const AppAccount = co.account({ root: Root, profile: co.profile() }).withMigration(async ({ $jazz }) => {
  const { root } = await $jazz.ensureLoaded({ resolve: { root: true } });
  if (root.$jazz.has('board')) return;
  root.$jazz.set('board', Board.create({ title: 'My list', cards: [] }, Group.create()));
});

function Cards({ session, id }: { readonly session: Session; readonly id: string }) {
  const board = useCoState(Board, id, { resolve: { title: true, cards: { $each: true } } });
  const isConnected = useSyncConnectionStatus();
  const [link, setLink] = useState('');
  const [confirmed, setConfirmed] = useState(0);
  if (!board.$isLoaded) return <p>{board.$jazz.loadingState}</p>;
  async function add() {
    if (!board.$isLoaded) return;
    board.cards.$jazz.push({ title: `Card ${board.cards.length + 1}`, isDone: false });
    await session.sync.whenConfirmed();
    setConfirmed(confirmed + 1);
  }
  return (
    <>
      <h1>{board.title.toString()}</h1>
      <ul>
        {board.cards.map((card) => (
          <li key={card.$jazz.id} onClick={() => card.$jazz.set('isDone', !card.isDone)}>
            {card.title}: {card.isDone ? 'done' : 'open'}
          </li>
        ))}
      </ul>
      <button onClick={() => void add()}>Add</button>
      <button onClick={() => void session.share(id).then(({ link }) => setLink(link))}>Share</button>
      <output id="confirmed">
        {confirmed > 0 && `confirmed ${confirmed}, ${isConnected ? 'connected' : 'offline'}`}
      </output>
      <output id="link">{link}</output>
    </>
  );
}

function App({ session, invited }: { readonly session: Session; readonly invited: string | undefined }) {
  const me = useAccount(AppAccount, { resolve: { root: { board: true } } });
  const isSignedIn = useIsAuthenticated();
  if (!me.$isLoaded || !isSignedIn) return <p>{me.$jazz.loadingState}</p>;
  return <Cards session={session} id={invited ?? me.root.board.$jazz.id} />;
}

async function start(root: Root): Promise<void> {
  const session = await signUpWithPasskey();
  const { manager, migrated } = createJazzManager(session, { AccountSchema: AppAccount });
  await migrated;
  const invite = await consumeInviteLink({ inviteURL: location.href, invitedObjectSchema: Board });
  root.render(
    <StrictMode>
      <JazzContext.Provider value={manager}>
        <App session={session} invited={invite?.valueID} />
      </JazzContext.Provider>
    </StrictMode>,
  );
}

const root = createRoot(document.querySelector('div') as HTMLDivElement);
root.render(<button onClick={() => void start(root)}>Sign up</button>);

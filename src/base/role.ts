/** What an account may do in a group. `writeOnly` reads only what it wrote itself. */
export type Role = 'reader' | 'writer' | 'manager' | 'admin' | 'writeOnly';

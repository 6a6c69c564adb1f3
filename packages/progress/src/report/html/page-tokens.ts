/** The colours of our pages by what they mean, light and dark; each text colour is readable on its backgrounds. */
export const pageTokens = `
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1c1e21;--soft:#565d66;--line:#e3e4e1;--rule:#c9ccc8;--code:#f2f3f0;
--good:#1a6b3c;--good-bg:#e3f2e8;--good-bar:#4da06f;--bad:#a3211b;--bad-bg:#fbe9e7;--bad-bar:#d2564c;--warn:#7a4d00;--warn-bg:#fbf0d9;--warn-bar:#d39a34;
--idle:#565d66;--idle-bg:#eceeeb;--idle-bar:#a9afb5;--link:#1a55a8;--hint:rgba(28,30,33,.05)}
@media (prefers-color-scheme:dark){:root{--bg:#131517;--card:#1a1d20;--ink:#e6e7e4;--soft:#a2a9b0;--line:#2b2f33;--rule:#454b51;--code:#22262a;
--good:#7fd3a0;--good-bg:#16301f;--good-bar:#3f8d60;--bad:#ff9c92;--bad-bg:#3b1a18;--bad-bar:#c4544b;--warn:#f0c069;--warn-bg:#352812;--warn-bar:#b9862c;
--idle:#a2a9b0;--idle-bg:#262a2e;--idle-bar:#5d656d;--link:#8ab8f5;--hint:rgba(255,255,255,.05)}}
`.trim();

-- The full-text index: a file of its own, derived from the store, and made anew where it is missing. A change to what words are (Model/SearchWords) or to these
-- tables gives this script a new number: a file with another one is thrown away (dropping its tables would take minutes), and the index fills itself again.
CREATE TABLE progress (
  workspace_id TEXT NOT NULL PRIMARY KEY, event_cursor BIGINT NOT NULL, event_id TEXT, walked TEXT
);

-- doc_id is the time in microseconds and ten further bits, so that the order of documents is that of time. fields is what was indexed, compressed: words are
-- taken out by what was put in, and highlights are cut from it.
CREATE TABLE documents (
  doc_id INTEGER NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL, inbox_id TEXT NOT NULL, message_id TEXT NOT NULL, message_key TEXT NOT NULL, fields BLOB NOT NULL
);
CREATE UNIQUE INDEX documents_message ON documents (workspace_id, inbox_id, message_id);

-- The words of addresses and names, with the number of documents that have each: what a beginning may stand for.
CREATE TABLE name_words (
  workspace_id TEXT NOT NULL, word TEXT NOT NULL, uses BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, word)
) WITHOUT ROWID;

-- Words come folded and parted by spaces, so the plainest tokenizer does: every character above ASCII is part of a word. Where a word stands is part of it
-- (Store/Sqlite/SearchRow): a column would have a search in subjects read every text that has the word.
CREATE VIRTUAL TABLE words USING fts5(row, content='', columnsize=0, tokenize='ascii');

// A peer that Getuige did not write: reads a custody log, and is a log to its witness, with the Go checksum
// database's own packages (golang.org/x/mod/sumdb). For tests only; driven by test_go_tlog.py.
//
//	go_tlog read  <folder or address of a log> <log vkey> <witness vkey> <old size>...
//	go_tlog roots <number of entries, one per line on standard input>
//	go_tlog grow  <address of a witness> <log skey> <witness vkey> <size>...
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// Signature type of c2sp.org/tlog-cosignature, which the note package does not know.
	cosignatureType = 4
)

func main() {
	commands := map[string]func([]string) (any, error){"read": read, "roots": roots, "grow": grow}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fail(errors.New("read, roots or grow"))
	}
	result, err := commands[os.Args[1]](os.Args[2:])
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// source returns the file of a log at a path.
func source(where string) func(path string) ([]byte, error) {
	if !strings.HasPrefix(where, "http://") {
		return func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(where, path)) }
	}
	return func(path string) ([]byte, error) {
		answer, err := http.Get(where + "/" + path)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", path, answer.Status)
		}
		return io.ReadAll(answer.Body)
	}
}

// tiles is a tlog.TileReader; tlog-tiles leaves the height out of the path.
type tiles struct{ get func(string) ([]byte, error) }

func (t tiles) Height() int                         { return tileHeight }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := t.get(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// cosigner is a note.Verifier for witnesses (type 4): the key is the note package's, the message is its own.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("no vkey")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureType {
		return nil, errors.New("no vkey of a witness")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the key id does not fit")
	}
	return &cosigner{parts[0], hash, key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(c.key, append([]byte(head), message...), signature[8:])
}

// open opens a checkpoint; both keys must have signed it.
func open(data []byte, log note.Verifier, witness note.Verifier) (origin string, tree tlog.Tree, err error) {
	opened, err := note.Open(data, note.VerifierList(log, witness))
	if err != nil {
		return "", tree, err
	}
	if len(opened.Sigs) != 2 {
		return "", tree, fmt.Errorf("%d of 2 signatures", len(opened.Sigs))
	}
	lines := strings.Split(opened.Text, "\n")
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return "", tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return lines[0], tree, err
}

type readResult struct {
	Origin     string            `json:"origin"`
	Size       int64             `json:"size"`
	Included   int64             `json:"included"`
	Roots      map[string]string `json:"roots"`
	Proofs     map[string]int    `json:"proofs"`
	EntriesSum string            `json:"entries_sha256"`
}

func read(arguments []string) (any, error) {
	get := source(arguments[0])
	log, err := note.NewVerifier(arguments[1])
	if err != nil {
		return nil, err
	}
	witness, err := newCosigner(arguments[2])
	if err != nil {
		return nil, err
	}
	data, err := get("checkpoint")
	if err != nil {
		return nil, err
	}
	origin, tree, err := open(data, log, witness)
	if err != nil {
		return nil, err
	}
	result := readResult{origin, tree.N, 0, map[string]string{}, map[string]int{}, ""}
	// TileHashReader checks every tile that it reads against the signed root.
	hashes := tlog.TileHashReader(tree, tiles{get})
	sum := sha256.New()
	for bundle := int64(0); bundle*tileWidth < tree.N; bundle++ {
		entries, err := readBundle(get, bundle, tree.N)
		if err != nil {
			return nil, err
		}
		for i, entry := range entries {
			index := bundle*tileWidth + int64(i)
			proof, err := tlog.ProveRecord(tree.N, index, hashes)
			if err != nil {
				return nil, err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
				return nil, fmt.Errorf("entry %d: %w", index, err)
			}
			sum.Write(entry)
			result.Included++
		}
	}
	result.EntriesSum = fmt.Sprintf("%x", sum.Sum(nil))
	for _, text := range arguments[3:] {
		old, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		oldRoot, err := tlog.TreeHash(old, hashes)
		if err != nil {
			return nil, err
		}
		proof, err := tlog.ProveTree(tree.N, old, hashes)
		if err != nil {
			return nil, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, oldRoot); err != nil {
			return nil, fmt.Errorf("from %d: %w", old, err)
		}
		result.Roots[text] = fmt.Sprintf("%x", oldRoot[:])
		result.Proofs[text] = len(proof)
	}
	return result, nil
}

func readBundle(get func(string) ([]byte, error), index, size int64) ([][]byte, error) {
	width := size - index*tileWidth
	if width > tileWidth {
		width = tileWidth
	}
	tile := tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)}
	data, err := get(strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("the bundle is cut")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:end]), data[end:]
	}
	if int64(len(entries)) != width {
		return nil, fmt.Errorf("%d entries in a bundle of %d", len(entries), width)
	}
	return entries, nil
}

// stored is a log in memory: the hashes in the order of tlog.StoredHashes.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, s[index])
	}
	return found, nil
}

func (s *stored) add(n int64, entry []byte) error {
	hashes, err := tlog.StoredHashes(n, entry, *s)
	*s = append(*s, hashes...)
	return err
}

func roots(_ []string) (any, error) {
	var log stored
	found := []string{}
	lines := bufio.NewScanner(os.Stdin)
	for n := int64(0); lines.Scan(); n++ {
		if err := log.add(n, lines.Bytes()); err != nil {
			return nil, err
		}
		root, err := tlog.TreeHash(n+1, log)
		if err != nil {
			return nil, err
		}
		found = append(found, fmt.Sprintf("%x", root[:]))
	}
	return found, lines.Err()
}

type step struct {
	Size   int64  `json:"size"`
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   string `json:"body"`
	// Opened says that note.Open accepts our head with the witness's answer behind it.
	Opened bool `json:"opened"`
}

func grow(arguments []string) (any, error) {
	signer, err := note.NewSigner(arguments[1])
	if err != nil {
		return nil, err
	}
	witness, err := newCosigner(arguments[2])
	if err != nil {
		return nil, err
	}
	var log stored
	var steps []step
	old, count := int64(0), int64(0)
	for _, text := range arguments[3:] {
		size, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		for ; count < size; count++ {
			if err := log.add(count, []byte(fmt.Sprintf("entry %d", count))); err != nil {
				return nil, err
			}
		}
		taken, err := submit(arguments[0], signer, witness, log, old, size)
		if err != nil {
			return nil, err
		}
		steps, old = append(steps, taken), size
	}
	return steps, nil
}

func submit(where string, signer note.Signer, witness *cosigner, log stored, old, size int64) (step, error) {
	root, err := tlog.TreeHash(size, log)
	if err != nil {
		return step{}, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", signer.Name(), size, root)
	head, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return step{}, err
	}
	body := bytes.NewBufferString(fmt.Sprintf("old %d\n", old))
	if 0 < old && old < size {
		proof, err := tlog.ProveTree(size, old, log)
		if err != nil {
			return step{}, err
		}
		for _, hash := range proof {
			fmt.Fprintf(body, "%s\n", hash)
		}
	}
	fmt.Fprintf(body, "\n%s", head)
	answer, err := http.Post(where+"/add-checkpoint", "text/plain", body)
	if err != nil {
		return step{}, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		return step{}, err
	}
	taken := step{size, answer.StatusCode, answer.Header.Get("Content-Type"), string(said), false}
	if opened, err := note.Open(append(head, said...), note.VerifierList(witness)); err == nil {
		taken.Opened = opened.Text == text && len(opened.Sigs) == 1
	}
	return taken, nil
}

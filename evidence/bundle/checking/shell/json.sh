# What is signed or hashed is JSON in one spelling (docs/formats/statement.md): the sed expressions here know no other.
canonical() { # FILE: 0 for that spelling; strict UTF-8, keys in order and each once, whole numbers, at most 32 levels
  [ "$(wc -c < "$1")" -le 4194304 ] && xxd -p -c 1 "$1" | awk '
    function digit(byte) { return byte ~ /^3[0-9]$/ ? substr(byte, 2) : byte ~ /^6[1-6]$/ ? substr("abcdef", substr(byte, 2), 1) : "x" }
    function more(count, low, high) {                               # bytes that continue a character, the first in bounds
      for (; count > 0; count--) { if (b[p] < low || b[p] > high) return 0; s = s b[p++]; low = "80"; high = "bf" }
      return 1
    }
    function text(  c, e) {                                         # s: what it says, in hexadecimal
      s = ""; p++
      while ((c = b[p++]) != "22") {
        if (c < "20") return 0                                      # a control, or the end
        if (c == "5c") {
          e = b[p++]
          if (e == "75") {
            c = digit(b[p + 2]) digit(b[p + 3])
            if (b[p] b[p + 1] != "3030" || c !~ /^[01][0-9a-f]$/ || c ~ /^0[89acd]$/) return 0
            p += 4
          } else if (e in short) c = short[e]
          else return 0
        }
        s = s c
        if (c < "80") continue
        if (c ~ /^(c[2-9a-f]|d.)$/) { if (!more(1, "80", "bf")) return 0 }
        else if (c ~ /^e/) { if (!more(2, c == "e0" ? "a0" : "80", c == "ed" ? "9f" : "bf")) return 0 }
        else if (c ~ /^f[0-4]$/) { if (!more(3, c == "f0" ? "90" : "80", c == "f4" ? "8f" : "bf")) return 0 }
        else return 0
      }
      return 1
    }
    function word(known,  at) {
      for (at = 1; at < length(known); at += 2) if (b[p++] != substr(known, at, 2)) return 0
      return 1
    }
    function number(  n) {
      for (n = ""; b[p] == "2d" || b[p] ~ /^3[0-9]$/; p++) n = n (b[p] == "2d" ? "-" : substr(b[p], 2))
      if (n !~ /^-?[1-9][0-9]*$/) return n == "0"
      sub(/^-/, "", n)
      return length(n) < 16 || length(n) == 16 && (n "") <= "9007199254740991"
    }
    function value(depth,  open, last, first) {
      if (depth == 32) return 0
      if (b[p] == "22") return text()
      if (b[p] == "74") return word("74727565")
      if (b[p] == "66") return word("66616c7365")
      if (b[p] == "6e") return word("6e756c6c")
      if (b[p] != "5b" && b[p] != "7b") return number()
      open = b[p++]; first = 1
      if (b[p] == (open == "5b" ? "5d" : "7d")) { p++; return 1 }
      do {
        if (open == "7b") {
          if (b[p] != "22" || !text() || !(first || last < s) || b[p++] != "3a") return 0
          last = s; first = 0
        }
        if (!value(depth + 1)) return 0
      } while (b[p++] == "2c")
      return b[p - 1] == (open == "5b" ? "5d" : "7d")
    }
    BEGIN { short["22"] = "22"; short["5c"] = "5c"; short["62"] = "08"; short["66"] = "0c"; short["6e"] = "0a"; short["72"] = "0d"; short["74"] = "09" }
    { b[n++] = $1 "" }
    END { p = 0; exit !(value(0) && p == n) }'
}

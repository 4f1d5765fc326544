package redact

import (
	"slices"
	"strings"
)

// commandSecrets finds what command lines hand over behind an option: --password …, -u user:password.
func commandSecrets(text string) []span {
	var found []span
	var program string // that was last called
	fields := fieldsOf(text)
	for i, field := range fields {
		word := strings.Trim(text[field.begin:field.end], quotes)
		isOption := strings.HasPrefix(word, "-") || strings.HasPrefix(word, "/") && strings.LastIndexByte(word, '/') == 0 && program != ""
		if !isOption {
			name := strings.ToLower(word[strings.LastIndexAny(word, `/\`)+1:])
			if name = strings.TrimSuffix(name, ".exe"); len(shortOptions(name)) > 0 {
				program = name
			}
			continue
		}
		option := strings.TrimLeft(word, "-/")
		isUser := slices.Contains([]string{"user", "proxy-user", "u", "U", "a"}, option) && program != ""
		isSecret := slices.Contains(shortOptions(program), option) || len(option) > 1 && isTellingText(option)
		isAttached := strings.HasPrefix(program, "mysql") && strings.HasPrefix(word, "-p") ||
			program == "curl" && strings.HasPrefix(word, "-u") && strings.Contains(word, ":")
		if isAttached && len(word) > len("-p") {
			found = append(found, span{field.begin + strings.IndexByte(text[field.begin:], '-') + len("-p"), field.end})
			continue
		}
		if i+1 == len(fields) || strings.IndexByte(quotes, text[field.end-1]) >= 0 || !isSecret && !isUser && option != "user" {
			continue
		}
		value := quotedFrom(text, fields[i+1])
		given := text[value.begin:value.end]
		if isSecret && !strings.HasPrefix(given, "-") || !isSecret && strings.ContainsAny(given, ":%") && !strings.Contains(given, "://") {
			found = append(found, value)
		}
	}
	return found
}

// handedSecrets finds what command lines hand over without an option: behind words that want a secret next, or to a program that reads one.
func handedSecrets(text string) []span {
	var found []span
	fields := fieldsOf(text)
	words := make([]string, len(fields))
	for i, field := range fields {
		words[i] = strings.ToLower(strings.Trim(text[field.begin:field.end], quotes+"();"))
	}
	behind := func(i int, phrase ...string) bool {
		return i >= len(phrase) && slices.Equal(words[i-len(phrase):i], phrase)
	}
	for i := range fields {
		value := quotedFrom(text, fields[i])
		isSecret := false
		switch {
		case behind(i, "vault", "login"), behind(i, "identified", "by"), behind(i, "convertto-securestring"), behind(i, "-string"),
			i > 0 && strings.HasSuffix(words[i-1], ":_authtoken"), i > 0 && strings.HasSuffix(words[i-1], ":_password"):
			isSecret = !isPlain(text[value.begin:value.end])
		case behind(i, "echo"), behind(i, "printf"):
			rest := text[fields[i].begin:]
			_, program, isPiped := strings.Cut(rest, "|")
			isSecret = isPiped && readsSecret(program)
		case i >= 2 && words[0] == "net" && words[1] == "use", i >= 3 && words[0] == "net" && words[1] == "user":
			given := text[value.begin:value.end]
			isSecret = strings.IndexByte(`/\*`, text[fields[i].begin]) < 0 && !strings.HasSuffix(given, ":") &&
				(!isPlain(given) || strings.ContainsAny(text, `/\`))
		}
		if isSecret {
			found = append(found, value)
		}
	}
	return found
}

// readsSecret reports whether a command line reads a secret from its input.
func readsSecret(command string) bool {
	return strings.Contains(command, "password-stdin") || strings.Contains(command, "--with-token") ||
		strings.Contains(command, "chpasswd") || strings.Contains(command, "sudo -S") || strings.Contains(command, "passwd --stdin")
}

// secretArguments says which elements of an array hold secrets as arguments of a command line; nil if it is none.
func secretArguments(members []detailsMember) []bool {
	var line strings.Builder
	ends := make([]int, len(members))
	hasOption := false
	for i, member := range members {
		if !member.node.isText || line.Len() > maxScanned {
			return nil
		}
		hasOption = hasOption || strings.HasPrefix(member.node.raw, "-")
		line.WriteString(strings.ReplaceAll(member.node.raw, " ", "_") + " ")
		ends[i] = line.Len()
	}
	if !hasOption {
		return nil
	}
	secret := make([]bool, len(members))
	for _, found := range commandSecrets(line.String()) {
		at, _ := slices.BinarySearch(ends, found.end)
		secret[at] = true
	}
	return secret
}

// shortOptions are the options of one letter by which a program takes a secret; none for what is no such program.
func shortOptions(program string) []string {
	switch program {
	case "mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass", "mongo", "mongosh", "mongodump", "login", "7z", "psexec", "psexec64":
		return []string{"p"}
	case "schtasks":
		return []string{"rp", "p"}
	case "openssl":
		return []string{"k", "K"}
	case "redis-cli":
		return []string{"a"}
	case "ldapsearch", "ldapmodify", "ldapadd":
		return []string{"w"}
	case "sqlcmd", "bcp", "zip", "unzip", "isql":
		return []string{"P"}
	case "curl", "wget", "http", "https", "smbclient":
		return []string{"b"}
	}
	return nil
}

// quotedFrom is a field, or where it begins with a quote, what stands in it.
func quotedFrom(text string, field span) span {
	if quote := text[field.begin]; strings.IndexByte(quotes, quote) >= 0 {
		field.begin++
		if end := strings.IndexByte(text[field.begin:], quote); end >= 0 {
			return span{field.begin, field.begin + end}
		}
		return span{field.begin, len(text)}
	}
	return trimmed(text, field, quotes)
}

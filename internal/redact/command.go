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
		if !strings.HasPrefix(word, "-") {
			if name := word[strings.LastIndexByte(word, '/')+1:]; len(shortOptions(name)) > 0 {
				program = name
			}
			continue
		}
		option := strings.TrimLeft(word, "-")
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

// shortOptions are the options of one letter by which a program takes a secret; none for what is no such program.
func shortOptions(program string) []string {
	switch program {
	case "mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass", "mongo", "mongosh", "mongodump", "login", "7z":
		return []string{"p"}
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

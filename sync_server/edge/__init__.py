"""The server's edge: connections, who hears what, and every address of HTTP; decides nothing about rooms or accounts."""

@echo off
rem Puts the program back when something took it away (an antivirus, a power
rem cut during an installation) and starts the service. The task "tramxa\
rem bringback" runs this at every start of Windows and every ten minutes.
setlocal
cd /d "%~dp0"
for %%F in (tramxa.exe) do if exist tramxa.exe if %%~zF gtr 0 exit /b 0
set "log=%ProgramData%\tramxa\bringback.log"
if not exist tramxa.copy goto gone
if not exist tramxa.sha256 goto gone
set /p want=<tramxa.sha256
copy /y /b tramxa.copy tramxa-back.exe >nul || goto gone
tramxa-back.exe version --is %want% >nul 2>&1 || goto gone
move /y tramxa-back.exe tramxa.exe >nul || goto gone
echo %date% %time% tramxa.exe da bi go mat, da dat lai tu ban sao / was gone, put back from the copy>>"%log%"
net start tramxa >nul 2>&1
exit /b 0

:gone
if exist tramxa-back.exe del /f tramxa-back.exe
echo %date% %time% tramxa.exe mat va ban sao hong: cai lai bang tramxa-setup.exe, so dan cu con nguyen / gone and the copy is damaged: run tramxa-setup.exe again, the register is untouched>>"%log%"
exit /b 1
